// What clients are asked, one or many at once, and how long their answers are waited for.
#include "unit/realtime/fake_engine.hpp"

namespace son1k::realtime::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using socketio_acks = socketio_test;
using socket_ptr = io_space::socket_ptr;

TEST_F(socketio_acks, a_client_answers_what_it_is_asked) {
  serve();
  socket_ptr socket;
  server->of("/").on_connect([&](const socket_ptr& s) { socket = s; });
  server->start();
  auto one = client();
  one.connect();
  std::vector<std::string> answers;
  const auto note = [&](result<io_payload> got) {
    answers.push_back(got ? got->json : std::string(name_of(got.error().code)));
  };
  socket->emit_with_ack(payload_of("q"), 1'000, note);
  socket->emit_with_ack(payload_of("q"), 1'000, note);
  EXPECT_THAT(one.heard(), ElementsAre(R"(20["q"])", R"(21["q"])"));
  one.say(R"(31["yes",1])");
  one.say(R"(31["again"])");
  EXPECT_THAT(answers, ElementsAre(R"(["yes",1])"));
  pass(1'001);
  EXPECT_THAT(answers, ElementsAre(R"(["yes",1])", "timeout"));
  socket->emit_with_ack(payload_of("q"), 1'000, note);
  one.drop(close_reason::ping_timeout);
  EXPECT_EQ(answers.back(), "cancelled");
  socket->emit_with_ack(payload_of("q"), 1'000, note);
  EXPECT_THAT(answers, SizeIs(4));
  pass(2'000);
  EXPECT_THAT(answers, SizeIs(4));
}

TEST_F(socketio_acks, waits_for_few_answers_of_a_socket) {
  io_settings settings;
  settings.acks_per_socket_max = 2;
  std::vector<errc> faults;
  serve(settings);
  socket_ptr socket;
  server->of("/").on_connect([&](const socket_ptr& s) { socket = s; });
  server->start();
  auto one = client();
  one.connect();
  for (int n = 0; n < 3; ++n)
    socket->emit_with_ack(payload_of("q"), 1'000, [&](result<io_payload> got) {
      if (!got) faults.push_back(got.error().code);
    });
  EXPECT_THAT(faults, ElementsAre(errc::unavailable));
  one.drop(close_reason::transport_close);
  EXPECT_THAT(faults, ElementsAre(errc::unavailable, errc::cancelled, errc::cancelled));
}

TEST_F(socketio_acks, asks_many_at_once) {
  serve();
  server->start();
  auto one = client(0);
  auto two = client(1);
  auto gone = client(1);
  for (auto* each : {&one, &two, &gone}) each->connect();
  std::optional<io_answers> got;
  const auto ask = [&](std::int64_t ms) {
    got.reset();
    boost::asio::co_spawn(loop, server->of("/").everybody().ask(payload_of("q"), ms),
                          [&](std::exception_ptr, result<io_answers> all) { got = *all; });
    run();
  };
  ask(1'000);
  EXPECT_THAT(one.heard(), ElementsAre(R"(20["q"])"));
  one.say("30[1]");
  two.say("30[2]");
  EXPECT_FALSE(got);
  gone.drop(close_reason::transport_close);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->asked, 3U);
  EXPECT_THAT(got->answers, SizeIs(2));
  ask(1'000);
  one.say("31[1]");
  pass(1'001);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->asked, 2U);
  EXPECT_THAT(got->answers, SizeIs(1));
}

TEST_F(socketio_acks, asking_nobody_ends_at_once) {
  serve();
  server->start();
  const auto got = wait(server->of("/").to({"nobody"}).ask(payload_of("q"), 1'000));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->asked, 0U);
}

}  // namespace
}  // namespace son1k::realtime::test
