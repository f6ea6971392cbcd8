#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/engine_world.hpp"

namespace son1k::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct engine_polling : testing::Test {
  engine_polling() : world(suite_times()) {
    session = &world.open();
    opened = session->take_payload();
    world.turn();
  }
  engine_world world;
  engine_session* session;
  std::string opened;
};

TEST_F(engine_polling, opens_with_exactly_the_protocols_keys) {
  EXPECT_EQ(opened,
            R"(0{"sid":"the-id","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,)"
            R"("maxPayload":1000000})");
}

TEST_F(engine_polling, echoes_text_and_binary_in_one_payload) {
  world.echoes = true;
  EXPECT_EQ(world.post("4hello\x1e"
                       "bAQIDBA==\x1e"
                       "4"),
            200);
  EXPECT_THAT(world.told, ElementsAre("hello", "binary:\1\2\3\4", ""));
  EXPECT_EQ(world.polled(),
            "4hello\x1e"
            "bAQIDBA==\x1e"
            "4");
}

TEST_F(engine_polling, a_poll_waits_for_what_is_sent) {
  const auto poll = world.poll();
  EXPECT_FALSE(poll->reply);
  session->send(message("a"));
  session->send(message("b"));
  EXPECT_FALSE(poll->reply) << "one reply a turn, with all of it";
  world.turn();
  EXPECT_EQ(poll->reply->body,
            "4a\x1e"
            "4b");
}

TEST_F(engine_polling, an_invalid_packet_closes) {
  for (const char* bad : {"abc", "", "4a\x1e", "7", "b!",
                          "4a\x1e\x1e"
                          "4b"}) {
    engine_world each;
    each.open();
    EXPECT_EQ(each.post(bad), 400) << bad;
    EXPECT_TRUE(each.gone());
    EXPECT_THAT(each.told, ElementsAre("parse error"));
  }
}

TEST_F(engine_polling, octets_and_a_clients_ping_close) {
  EXPECT_EQ(world.post("4a", true), 400);
  EXPECT_TRUE(world.gone());
  engine_world other;
  other.open();
  EXPECT_EQ(other.post("2"), 400);
  EXPECT_THAT(other.told, ElementsAre("transport error"));
}

TEST_F(engine_polling, overlapping_polls_close_the_first_with_1) {
  const auto first = world.poll();
  const auto second = world.poll();
  EXPECT_EQ(first->reply->body, "1");
  EXPECT_EQ(second->reply->status, 400);
  EXPECT_TRUE(world.gone());
}

TEST_F(engine_polling, a_poll_that_is_asked_again_is_given_again_what_was_lost) {
  session->note_stamp("t0");
  const auto lost = world.poll("t1");
  session->send(message("once"));
  world.turn();
  EXPECT_EQ(lost->reply->body, "4once");
  session->send(message("later"));
  world.pass(2ms);
  EXPECT_EQ(world.polled("t1"), "4once");
  EXPECT_EQ(world.polled("t1"), "4once");
  EXPECT_EQ(world.polled("t2"), "4later");
  const auto next = world.poll("t1");
  EXPECT_FALSE(next->reply);  // known no more: a new one
}

TEST_F(engine_polling, a_stamp_within_its_millisecond_is_another_polls) {
  session->note_stamp("t0");
  const auto first = world.poll("t1");
  session->send(message("once"));
  world.pass(1ms);
  session->send(message("later"));
  world.turn();
  EXPECT_EQ(world.polled("t1"), "4later");
}

TEST_F(engine_polling, a_stamp_that_never_changes_tells_nothing) {
  session->note_stamp("t");
  for (const std::string text : {"one", "two", "three"}) {
    const auto poll = world.poll("t");
    session->send(message(text));
    world.turn();
    EXPECT_EQ(poll->reply->body, "4" + text);
    world.pass(2ms);
  }
}

TEST_F(engine_polling, polls_without_a_stamp_are_never_the_same) {
  for (const auto& stamp : {std::string(), std::string(33, 't')}) {
    const auto first = world.poll(stamp);
    session->send(message("once"));
    world.pass(2ms);
    const auto second = world.poll(stamp);
    EXPECT_FALSE(second->reply);
    session->send(message("later"));
    world.turn();
    EXPECT_EQ(second->reply->body, "4later");
  }
}

TEST_F(engine_polling, a_poll_that_waits_gives_way_to_the_same_one) {
  session->note_stamp("t0");
  const auto first = world.poll("t1");
  world.pass(2ms);
  const auto second = world.poll("t1");
  EXPECT_EQ(first->reply->status, 400);
  EXPECT_FALSE(second->reply);
  session->on_poll_gone(first.get());
  session->send(message("once"));
  world.turn();
  EXPECT_EQ(second->reply->body, "4once");
}

TEST_F(engine_polling, posts_that_overlap_close) {
  const auto poll = world.poll();
  const int one = 1;
  const int other = 2;
  EXPECT_TRUE(session->begin_post(&one));
  EXPECT_FALSE(session->begin_post(&other));
  world.turn();
  EXPECT_EQ(poll->reply->body, "1");
  EXPECT_THAT(world.told, ElementsAre("transport error"));
}

TEST_F(engine_polling, a_poll_whose_client_went_closes) {
  const auto poll = world.poll();
  session->on_poll_gone(poll.get());
  world.turn();
  EXPECT_TRUE(world.gone());
  EXPECT_THAT(world.told, ElementsAre("transport close"));
}

TEST_F(engine_polling, a_posted_close_gives_the_pending_poll_a_noop) {
  const auto poll = world.poll();
  EXPECT_EQ(world.post("1"), 200);
  EXPECT_EQ(poll->reply->body, "6");
  EXPECT_TRUE(world.gone());
}

TEST_F(engine_polling, a_posted_close_that_overtakes_its_poll_leaves_it_a_noop) {
  session->send(message("never read"));
  EXPECT_EQ(world.post("1"), 200);
  world.turn();
  EXPECT_THAT(world.told, ElementsAre("transport close"));
  EXPECT_EQ(world.post("4late"), 400);
  EXPECT_EQ(world.polled(), "6");
  EXPECT_TRUE(world.gone());
}

TEST_F(engine_polling, pings_come_an_interval_after_the_last_pong) {
  for (int n = 0; n < 3; ++n) {
    world.pass(299ms);
    const auto poll = world.poll();
    EXPECT_FALSE(poll->reply);
    world.pass(1ms);
    ASSERT_TRUE(poll->reply);
    EXPECT_EQ(poll->reply->body, "2");
    world.pass(100ms);
    EXPECT_EQ(world.post("3"), 200);
  }
}

TEST_F(engine_polling, no_pong_closes) {
  world.pass(300ms);
  world.pass(199ms);
  EXPECT_FALSE(world.gone());
  world.pass(1ms);
  EXPECT_TRUE(world.gone());
  EXPECT_THAT(world.told, ElementsAre("ping timeout"));
  EXPECT_EQ(world.counts().timed_out.get(), 1U);
}

TEST_F(engine_polling, what_is_queued_before_a_close_is_fetched_first) {
  session->send(message("last"));
  session->close(close_reason::forced);
  world.turn();
  EXPECT_THAT(world.told, ElementsAre("forced close"));
  EXPECT_EQ(world.polled(),
            "4last\x1e"
            "1");
  EXPECT_TRUE(world.gone());
}

TEST_F(engine_polling, last_packets_are_not_kept_for_ever) {
  session->close(close_reason::forced);
  world.turn();
  EXPECT_FALSE(world.gone());
  world.pass(5s);
  EXPECT_TRUE(world.gone());
}

TEST_F(engine_polling, upgrades) {
  pretended_socket socket;
  const auto poll = world.poll();
  EXPECT_TRUE(session->begin_upgrade(socket));
  session->on_socket_text(socket, "2probe");
  EXPECT_THAT(socket.written, ElementsAre("3probe"));
  EXPECT_EQ(poll->reply->body, "6");
  EXPECT_EQ(world.polled(), "6");
  session->on_socket_text(socket, "5");
  session->send(message("hello"));
  world.turn();
  EXPECT_THAT(socket.written, ElementsAre("3probe", "4hello"));
  EXPECT_EQ(world.poll()->reply->status, 400);
  EXPECT_EQ(world.post("4x"), 400);
  EXPECT_FALSE(world.gone());
  EXPECT_EQ(world.counts().websocket.get(), 1U);
  EXPECT_EQ(world.counts().polling.get(), 0U);
}

TEST_F(engine_polling, a_second_socket_is_not_wanted) {
  pretended_socket first;
  pretended_socket second;
  EXPECT_TRUE(session->begin_upgrade(first));
  EXPECT_FALSE(session->begin_upgrade(second));
  session->on_socket_text(first, "2probe");
  session->on_socket_text(first, "5");
  EXPECT_FALSE(session->begin_upgrade(second));
  session->send(message("x"));
  world.turn();
  EXPECT_THAT(first.written, ElementsAre("3probe", "4x"));
}

TEST_F(engine_polling, an_upgrade_that_fails_leaves_polling_alone) {
  for (const char* bad : {"5", "4x", "2other", "", "1"}) {
    pretended_socket socket;
    ASSERT_TRUE(session->begin_upgrade(socket));
    session->on_socket_text(socket, bad);
    EXPECT_TRUE(socket.over()) << bad;
  }
  pretended_socket gone;
  ASSERT_TRUE(session->begin_upgrade(gone));
  session->on_socket_gone(gone, close_reason::transport_close);
  session->send(message("x"));
  EXPECT_EQ(world.polled(), "4x");
  EXPECT_THAT(world.told, IsEmpty());
}

TEST(engine_upgrade, has_ten_seconds) {
  engine_world world;
  auto& session = world.open();
  pretended_socket socket;
  ASSERT_TRUE(session.begin_upgrade(socket));
  session.on_socket_text(socket, "2probe");
  world.pass(9'999ms);
  EXPECT_FALSE(socket.over());
  world.pass(1ms);
  EXPECT_TRUE(socket.over());
  EXPECT_FALSE(world.gone());
}

}  // namespace
}  // namespace son1k::test
