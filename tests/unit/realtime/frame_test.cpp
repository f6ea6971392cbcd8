// WebSocket frames from clients: whole, in any pieces, and wrong.
#include <gmock/gmock.h>

#include "unit/realtime/frame_bytes.hpp"

namespace son1k::realtime {
namespace {

using frames::close_payload;
using frames::frame;
using frames::told;
using testing::ElementsAre;

TEST(ws_reader, tells_messages_of_every_length) {
  for (const std::size_t size : {0, 1, 7, 8, 125, 126, 127, 65'535, 65'536, 100'000}) {
    std::string text;
    for (std::size_t n = 0; n < size; ++n) text.push_back(static_cast<char>('a' + n % 26));
    EXPECT_EQ(told(frame(1, text) + frame(2, "\xff")),
              (std::vector<std::string>{"text:" + text, "binary:\xff"}));
  }
}

TEST(ws_reader, gathers_fragments_and_lets_control_frames_between_them) {
  const auto bytes = frame(1, "a", {.fin = false}) + frame(9, "now") +
                     frame(0, "", {.fin = false}) + frame(0, "\xc3", {.fin = false}) +
                     frame(10, "") + frame(0, "\xb1") + frame(1, "next");
  EXPECT_THAT(told(bytes), ElementsAre("ping:now", "pong:", "text:añ", "text:next"));
}

TEST(ws_reader, tells_a_close_with_its_code_and_reason) {
  EXPECT_THAT(told(frame(8, "")), ElementsAre("close:1005:"));
  EXPECT_THAT(told(frame(8, close_payload(1000))), ElementsAre("close:1000:"));
  EXPECT_THAT(told(frame(8, close_payload(4999, "adiós"))), ElementsAre("close:4999:adiós"));
}

TEST(ws_reader, closes_on_what_the_protocol_forbids) {
  const std::string broken = "broken:1002";
  for (const int opcode : {3, 7, 11, 15})
    EXPECT_THAT(told(frame(opcode, "")), ElementsAre(broken)) << opcode;
  for (const int reserved : {1, 2, 4})
    EXPECT_THAT(told(frame(1, "a", {.reserved = reserved})), ElementsAre(broken)) << reserved;
  EXPECT_THAT(told(frame(1, "a", {.masked = false})), ElementsAre(broken));
  EXPECT_THAT(told(frame(9, "a", {.fin = false})), ElementsAre(broken));
  EXPECT_THAT(told(frame(9, std::string(126, 'a'))), ElementsAre(broken));
  EXPECT_THAT(told(frame(0, "a")), ElementsAre(broken));
  EXPECT_THAT(told(frame(1, "a", {.fin = false}) + frame(1, "b")), ElementsAre(broken));
  EXPECT_THAT(told(frame(1, "a", {.length_bytes = 2})), ElementsAre(broken));
  EXPECT_THAT(told(frame(1, "a", {.length_bytes = 8})), ElementsAre(broken));
  EXPECT_THAT(told(frame(8, "x")), ElementsAre(broken));
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65'535})
    EXPECT_THAT(told(frame(8, close_payload(code))), ElementsAre(broken)) << code;
}

TEST(ws_reader, a_length_with_its_highest_bit_is_refused_at_its_header) {
  std::string bytes = "\x81\xff\x80";
  bytes += std::string(7, '\0') + "mask";
  EXPECT_THAT(told(bytes), ElementsAre("broken:1002"));
}

TEST(ws_reader, closes_on_text_that_is_not_utf8) {
  for (const std::string text : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"}) {
    EXPECT_THAT(told(frame(1, text)), ElementsAre("broken:1007"));
    EXPECT_THAT(told(frame(8, close_payload(1000, text))), ElementsAre("broken:1007"));
    EXPECT_THAT(told(frame(2, text)), ElementsAre("binary:" + text));
  }
}

TEST(ws_reader, refuses_a_message_over_its_bound_before_it_has_come) {
  EXPECT_THAT(told(frame(1, std::string(10, 'a')), 1, 10),
              ElementsAre("text:" + std::string(10, 'a')));
  const auto longer = frame(1, std::string(11, 'a'));
  EXPECT_THAT(told(longer.substr(0, 6), 6, 10), ElementsAre("broken:1009"));
  const auto fragments =
      frame(1, std::string(6, 'a'), {.fin = false}) + frame(0, std::string(5, 'a')).substr(0, 6);
  EXPECT_THAT(told(fragments, 1, 10), ElementsAre("broken:1009"));
}

TEST(ws_reader, holds_nothing_between_messages) {
  ws_reader reader;
  auto bytes = frame(1, std::string(50'000, 'a'));
  std::span<char> first(bytes.data(), 40'000);
  std::span<char> rest(bytes.data() + 40'000, bytes.size() - 40'000);
  EXPECT_FALSE(reader.next(first).item);
  EXPECT_GT(reader.held(), 30'000U);
  EXPECT_TRUE(reader.next(rest).item);
  EXPECT_EQ(reader.held(), 0U);
}

TEST(ws_frames, are_written_with_the_shortest_length) {
  for (const std::size_t size : {0, 125, 126, 65'535, 65'536}) {
    const std::string payload(size, 'x');
    std::string out = "before";
    append_frame(out, ws_opcode::binary, payload);
    EXPECT_EQ(out, "before" + frame(2, payload, {.masked = false}));
  }
}

TEST(ws_frames, a_reason_is_cut_to_what_fits) {
  std::string reason(122, 'a');
  reason += "ñ";  // bytes 123 and 124 of 123
  std::string out;
  append_close(out, 1001, reason);
  EXPECT_EQ(out, frame(8, close_payload(1001, std::string(122, 'a')), {.masked = false}));
}

}  // namespace
}  // namespace son1k::realtime
