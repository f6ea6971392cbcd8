#include <gtest/gtest.h>

#include "realtime/forward/mark.hpp"

namespace son1k::realtime {
namespace {

const node_keys both{"new", "old"};
const forward_mark sent{5'000, "a", "b", "2001:db8::7"};
const forward_cover request{"GET", "/socket.io/?sid=x", "http://here", "text/plain", "body"};

TEST(forward_mark, says_who_sent_it_to_whom_for_which_client) {
  const auto text = write_forward_mark(both, sent, request);
  const auto read = read_forward_mark(both, text, request, 5'000);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at_ms, 5'000);
  EXPECT_EQ(read->from, "a");
  EXPECT_EQ(read->to, "b");
  EXPECT_EQ(read->client, "2001:db8::7");
}

TEST(forward_mark, the_key_of_before_proves_and_no_other) {
  const auto text = write_forward_mark({"old", ""}, sent, request);
  EXPECT_TRUE(read_forward_mark(both, text, request, 5'000));
  EXPECT_FALSE(read_forward_mark({"new", ""}, text, request, 5'000));
  EXPECT_FALSE(
      read_forward_mark({"", ""}, write_forward_mark({"", ""}, sent, request), request, 5'000));
}

TEST(forward_mark, covers_every_part_of_the_request) {
  const auto text = write_forward_mark(both, sent, request);
  for (auto part : {&forward_cover::method, &forward_cover::target, &forward_cover::origin,
                    &forward_cover::content_type, &forward_cover::body}) {
    auto other = request;
    other.*part = "another";
    EXPECT_FALSE(read_forward_mark(both, text, other, 5'000));
  }
  // What moves from one part to the next is another request.
  auto moved = request;
  moved.method = "GE";
  moved.target = "T/socket.io/?sid=x";
  EXPECT_FALSE(read_forward_mark(both, text, moved, 5'000));
}

TEST(forward_mark, nothing_in_it_can_be_changed) {
  const auto text = write_forward_mark(both, sent, request);
  for (std::size_t n = 0; n < text.size(); ++n) {
    auto other = text;
    other[n] = other[n] == '1' ? '2' : '1';
    EXPECT_FALSE(read_forward_mark(both, other, request, 5'000)) << n;
    EXPECT_FALSE(read_forward_mark(both, text.substr(0, n), request, 5'000)) << n;
  }
}

TEST(forward_mark, is_good_for_its_time_only) {
  const auto text = write_forward_mark(both, sent, request);
  EXPECT_TRUE(read_forward_mark(both, text, request, 5'000 + forward_ms_max));
  EXPECT_FALSE(read_forward_mark(both, text, request, 5'001 + forward_ms_max));
  EXPECT_FALSE(read_forward_mark(both, text, request, 4'999 - forward_ms_max));
}

// A client's own address could hold what looks like a part of the mark.
TEST(forward_mark, a_part_within_a_part_does_not_pass) {
  auto odd = sent;
  odd.client = "1.2.3.4; proof=x";
  const auto text = write_forward_mark(both, odd, request);
  EXPECT_FALSE(read_forward_mark(both, text, request, 5'000));
}

}  // namespace
}  // namespace son1k::realtime
