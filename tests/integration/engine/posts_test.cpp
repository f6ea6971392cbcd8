// POSTs whose bodies are still to come, and polls whose answers are lost on the way.
#include <gmock/gmock.h>

#include "integration/engine/engine_case.hpp"
#include "realtime/engine/session_id.hpp"

namespace son1k::test {
namespace {

using testing::Each;
using testing::ElementsAre;

const std::string site = "Origin: https://a.example\r\n";

engine_settings for_other_sites() {
  engine_settings settings;
  settings.cors_origins = {"https://a.example"};
  settings.payload_bytes_max = 1'000;
  return settings;
}

std::string head_of(const std::string& method, const std::string& sid, const std::string& fields) {
  return method + " /socket.io/?EIO=4&transport=polling&sid=" + sid +
         " HTTP/1.1\r\nHost: here\r\n" + site + fields + "\r\n";
}

// The server has looked at its head, as it asked for the body.
struct begun_post {
  begun_post(std::uint16_t port, const std::string& sid, const std::string& length) : client(port) {
    client.send(head_of("POST", sid, length + "\r\nExpect: 100-continue\r\n"));
    answer = client.read_reply().status;
  }
  raw_client client;
  int answer = 0;
};

TEST(engine_posts, that_overlap_are_refused_and_end_the_session) {
  engine_place place(for_other_sites(), 4);
  std::size_t ended = 0;
  for (const bool body_at_hand : {true, false}) {
    for (int n = 0; n < 8; ++n) {  // on all reactors
      const auto sid = place.open_polling();
      begun_post first(place.port(), sid, "Content-Length: 2");
      ASSERT_EQ(first.answer, 100);
      raw_client second(place.port());
      second.send(head_of("POST", sid, "Content-Length: 2\r\n") + (body_at_hand ? "4b" : ""));
      const auto refused = second.read_reply();
      EXPECT_EQ(refused.status, 400);
      EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "https://a.example");
      first.client.send("4a");
      EXPECT_EQ(first.client.read_reply().status, 400);
      EXPECT_EQ(place.poll(sid).status, 400);
      EXPECT_THAT(place.record->first(++ended), Each("transport error"));
    }
  }
}

TEST(engine_posts, one_after_the_other_are_taken) {
  engine_place place(for_other_sites());
  const auto sid = place.open_polling();
  for (const std::string text : {"4a", "4b"}) {
    begun_post post(place.port(), sid, "Content-Length: 2");
    post.client.send(text);
    EXPECT_EQ(post.client.read_reply().body, "ok");
    EXPECT_EQ(place.poll(sid).body, text);
  }
}

TEST(engine_posts, one_whose_client_goes_ends_the_session) {
  engine_place place(for_other_sites());
  const auto sid = place.open_polling();
  { begun_post gone(place.port(), sid, "Content-Length: 2"); }
  EXPECT_THAT(place.record->first(1), ElementsAre("transport error"));
  EXPECT_EQ(place.poll(sid).status, 400);
}

TEST(engine_posts, one_too_large_is_told_to_another_site_and_leaves_the_session) {
  engine_place place(for_other_sites());
  const auto sid = place.open_polling();
  begun_post whole(place.port(), sid, "Content-Length: 1001");
  EXPECT_EQ(whole.answer, 413);
  raw_client first(place.port());
  first.send(head_of("POST", sid, "Content-Length: 1001\r\n"));
  begun_post parts(place.port(), sid, "Transfer-Encoding: chunked");
  ASSERT_EQ(parts.answer, 100);
  parts.client.send("3e9\r\n" + std::string(1'001, '4') + "\r\n");
  for (auto* client : {&first, &parts.client}) {
    const auto refused = client->read_reply();
    EXPECT_EQ(refused.status, 413);
    EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_EQ(refused.field("Access-Control-Allow-Credentials"), "true");
  }
  EXPECT_EQ(place.post(sid, "4still here").body, "ok");
  EXPECT_EQ(place.poll(sid).body, "4still here");
}

// A poll whose answer was written, but never read by the client: its connection was cut.
void lose_an_answer(engine_place& place, const std::string& sid, const std::string& stamp) {
  raw_client cut(place.port());
  cut.send(head_of("GET", sid + stamp, {}));
  place.post(sid, "4lost");
  EXPECT_EQ(cut.read_exactly(8), "HTTP/1.1");
}

TEST(engine_polls, an_answer_that_is_lost_comes_again_where_the_poll_has_a_stamp) {
  engine_place place;
  const auto sid = place.sid_of(place.ask("GET", "EIO=4&transport=polling&t=abb").body);
  const auto asked = std::chrono::steady_clock::now();
  lose_an_answer(place, sid, "&t=abc");
  place.post(sid, "4next");
  // Polls of one millisecond may have one stamp.
  while (std::chrono::steady_clock::now() - asked < std::chrono::milliseconds(20))
    std::this_thread::yield();
  EXPECT_EQ(place.poll(sid + "&t=abc").body, "4lost");
  EXPECT_EQ(place.poll(sid + "&t=abd").body, "4next");
}

TEST(engine_polls, an_answer_that_is_lost_is_not_given_to_another_poll) {
  engine_place place;
  const auto sid = place.open_polling();
  lose_an_answer(place, sid, {});
  place.post(sid, "4next");
  EXPECT_EQ(place.poll(sid).body, "4next");
}

}  // namespace
}  // namespace son1k::test
