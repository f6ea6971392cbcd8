// Section 7.1 of the framing cases over a real socket: a close is answered once, and what comes
// behind it is not.
#include <gtest/gtest.h>

#include "integration/engine/engine_case.hpp"

namespace son1k::test {
namespace {

const std::string normal{"\x03\xe8", 2};

TEST(engine_after_close, nothing_behind_a_close_is_answered) {
  const struct {
    const char* section;
    std::string before;
    std::string behind;
  } cases[] = {
      {"7.1.2, another close", {}, masked(ws_opcode::close, normal)},
      {"7.1.3, a ping", {}, masked(ws_opcode::ping, "now")},
      {"7.1.4, a text", {}, masked(ws_opcode::text, "4again")},
      {"7.1.5, the end of a message that was begun", masked(ws_opcode::text, "4begun", false),
       masked(ws_opcode::continuation, "ended")},
      {"what breaks the framing", {}, "\xff\xff\xff\xff"},
  };
  engine_place place;
  for (const auto& each : cases) {
    raw_websocket socket(place.port());
    socket.next();  // the open packet
    socket.client.send(each.before + masked(ws_opcode::close, normal) + each.behind);
    EXPECT_EQ(socket.next(), "(close) 1000") << each.section;
    EXPECT_EQ(socket.next(), "(end)") << each.section;
  }
}

TEST(engine_after_close, long_text_is_echoed_before_the_close) {
  engine_place place;
  raw_websocket socket(place.port());
  socket.next();  // the open packet
  const std::string text = "4" + std::string(50'000, '*');
  socket.client.send(masked(ws_opcode::text, text) + masked(ws_opcode::close, normal) +
                     masked(ws_opcode::ping, "now"));
  EXPECT_EQ(socket.next().size(), text.size()) << "7.1.6";
  EXPECT_EQ(socket.next(), "(close) 1000");
  EXPECT_EQ(socket.next(), "(end)");
}

}  // namespace
}  // namespace son1k::test
