#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/engine_world.hpp"

namespace son1k::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct engine_websocket : testing::Test {
  engine_websocket() : world(suite_times()) {
    session = &world.open(&socket);
    world.turn();
  }
  pretended_socket socket;
  engine_world world;
  engine_session* session;
};

TEST_F(engine_websocket, opens_without_upgrades) {
  EXPECT_THAT(socket.written, ElementsAre(R"(0{"sid":"the-id","upgrades":[],"pingInterval":300,)"
                                          R"("pingTimeout":200,"maxPayload":1000000})"));
}

TEST_F(engine_websocket, echoes_text_and_binary) {
  world.echoes = true;
  session->on_socket_text(socket, "4hello");
  session->on_socket_binary(socket, "\1\2");
  world.turn();
  EXPECT_THAT(world.told, ElementsAre("hello", "binary:\1\2"));
  EXPECT_EQ(socket.written.at(1), "4hello");
  EXPECT_EQ(socket.written.at(2), "\1\2");
}

TEST_F(engine_websocket, what_is_no_packet_closes) {
  for (const auto& [text, why] :
       std::vector<std::pair<const char*, const char*>>{{"abc", "parse error"},
                                                        {"", "parse error"},
                                                        {"7", "parse error"},
                                                        {"2", "transport error"},
                                                        {"1", "transport close"}}) {
    pretended_socket one;
    engine_world each;
    each.open(&one).on_socket_text(one, text);
    each.turn();
    EXPECT_TRUE(each.gone()) << text;
    EXPECT_THAT(each.told, ElementsAre(why)) << text;
    EXPECT_EQ(one.ended_with, 1000);
  }
}

TEST_F(engine_websocket, pings_and_times_out) {
  for (int n = 0; n < 3; ++n) {
    world.pass(300ms);
    EXPECT_EQ(socket.written.back(), "2");
    session->on_socket_text(socket, "3");
  }
  world.pass(300ms);
  world.pass(200ms);
  EXPECT_TRUE(world.gone());
  EXPECT_TRUE(socket.over());
}

TEST_F(engine_websocket, volatile_messages_are_dropped_while_it_is_blocked) {
  socket.blocked_now = true;
  session->send(message("v", urgency::volatile_));
  session->send(message("k"));
  socket.blocked_now = false;
  session->on_socket_writable(socket);
  EXPECT_EQ(socket.written.back(), "4k");
  EXPECT_EQ(socket.written.size(), 2U);
  EXPECT_EQ(world.counts().dropped.get(), 1U);
}

TEST_F(engine_websocket, the_latest_of_a_key_replaces_what_waits) {
  socket.blocked_now = true;
  session->send(message("a1", urgency::latest, "a"));
  session->send(message("b1", urgency::latest, "b"));
  session->send(message("k"));
  session->send(message("a2", urgency::latest, "a"));
  socket.blocked_now = false;
  session->on_socket_writable(socket);
  socket.written.erase(socket.written.begin());
  EXPECT_THAT(socket.written, ElementsAre("4b1", "4k", "4a2"));
}

TEST_F(engine_websocket, a_message_that_is_partly_written_is_not_replaced) {
  socket.blocked_now = true;
  session->send(message("a1", urgency::latest, "a"));
  socket.between = false;
  session->send(message("a2", urgency::latest, "a"));
  socket.blocked_now = false;
  session->on_socket_writable(socket);
  socket.written.erase(socket.written.begin());
  EXPECT_THAT(socket.written, ElementsAre("4a1", "4a2"));
}

TEST_F(engine_websocket, a_client_that_does_not_read_is_cut_at_the_bound) {
  socket.blocked_now = true;
  const std::string big(100'000, 'x');
  for (int n = 0; n < 10; ++n) session->send(message(big));
  EXPECT_FALSE(socket.over());
  EXPECT_LE(session->queued_bytes(), 1024U * 1024U);
  session->send(message(big));
  world.turn();
  EXPECT_TRUE(socket.aborted);
  EXPECT_TRUE(world.gone());
  EXPECT_THAT(world.told, ElementsAre("too slow"));
  EXPECT_EQ(world.counts().cut.get(), 1U);
}

TEST_F(engine_websocket, a_close_writes_what_is_queued_first) {
  session->send(message("last"));
  session->close(close_reason::server_stops);
  session->send(message("too late"));
  world.turn();
  EXPECT_EQ(socket.written.back(), "4last");
  EXPECT_EQ(socket.ended_with, 1001);
  EXPECT_THAT(world.told, ElementsAre("server shutting down"));
}

}  // namespace
}  // namespace son1k::test
