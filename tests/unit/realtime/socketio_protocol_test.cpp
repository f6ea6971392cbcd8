// The protocol of Socket.IO v5 as its specification and its test suite have it, without a socket.
#include "unit/realtime/fake_engine.hpp"

namespace son1k::realtime::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

// Behaves as the server that the protocol's own test suite wants.
class socketio_protocol : public socketio_test {
 protected:
  void SetUp() override {
    io_settings settings;
    settings.connect_ms_max = 1'000;
    serve(settings);
    for (const auto* name : {"/", "/custom"}) {
      auto& space = server->of(name);
      space.admit([](io_request asked) -> boost::asio::awaitable<io_verdict> {
        boost::json::object data;
        data["auth"] = asked.auth;
        auto verdict = io_verdict::accept(std::move(data));
        co_return verdict;
      });
      space.on_connect([](const io_space::socket_ptr& socket) {
        socket->emit("auth", {socket->data().at("auth")});
      });
      space.on("message", [](const io_space::socket_ptr& socket, io_event& event, const io_ack&) {
        socket->emit(payload_of("message-back", event.args, std::move(event.attachments)));
      });
      space.on("message-with-ack", [](const auto&, io_event& event, const io_ack& ack) {
        ack(answer_of(event.args, std::move(event.attachments)));
      });
    }
    server->start();
  }
};

TEST_F(socketio_protocol, a_client_connects_to_the_main_namespace) {
  auto one = client();
  const auto reply = one.connect();
  ASSERT_EQ(reply.size(), 1U);
  EXPECT_EQ(reply.at("sid").as_string().size(), 22U);
  EXPECT_THAT(one.after, ElementsAre(R"(2["auth",{}])"));
}

TEST_F(socketio_protocol, credentials_reach_the_application) {
  auto one = client();
  one.connect(R"({"token":"123"})");
  EXPECT_THAT(one.after, ElementsAre(R"(2["auth",{"token":"123"}])"));
}

TEST_F(socketio_protocol, a_client_connects_to_another_namespace) {
  auto one = client();
  EXPECT_EQ(one.connect("", "/custom").size(), 1U);
  EXPECT_THAT(one.after, ElementsAre(R"(2/custom,["auth",{}])"));
  auto two = client();
  two.connect(R"({"token":"abc"})", "/custom");
  EXPECT_THAT(two.after, ElementsAre(R"(2/custom,["auth",{"token":"abc"}])"));
}

TEST_F(socketio_protocol, an_unknown_namespace_is_refused_and_the_connection_lives) {
  auto one = client();
  EXPECT_THAT(one.say("0/random"), ElementsAre(R"(4/random,{"message":"Invalid namespace"})"));
  EXPECT_FALSE(one.closing());
  EXPECT_EQ(one.connect().size(), 1U);
}

TEST_F(socketio_protocol, a_connection_that_does_not_connect_is_closed) {
  auto idle = client();
  auto busy = client();
  auto refused = client();
  busy.connect();
  refused.say("0/random");
  pass(999);
  EXPECT_FALSE(idle.closing());
  pass(100);
  EXPECT_EQ(idle.closing(), close_reason::forced);
  EXPECT_EQ(refused.closing(), close_reason::forced);
  pass(100'000);
  EXPECT_FALSE(busy.closing());
}

TEST_F(socketio_protocol, who_leaves_a_namespace_keeps_the_connection) {
  auto one = client();
  one.connect();
  one.connect("", "/custom");
  EXPECT_THAT(one.say("1/custom"), IsEmpty());
  EXPECT_THAT(one.say(R"(2["message","message to main namespace"])"),
              ElementsAre(R"(2["message-back","message to main namespace"])"));
  one.say("1");
  EXPECT_FALSE(one.closing());
  EXPECT_EQ(one.connect().size(), 1U);
}

TEST_F(socketio_protocol, events_and_acks_carry_text) {
  auto one = client();
  one.connect();
  EXPECT_THAT(one.say(R"(2["message",1,"2",{"3":[true]}])"),
              ElementsAre(R"(2["message-back",1,"2",{"3":[true]}])"));
  EXPECT_THAT(one.say(R"(2456["message-with-ack",1,"2",{"3":[false]}])"),
              ElementsAre(R"(3456[1,"2",{"3":[false]}])"));
}

TEST_F(socketio_protocol, events_and_acks_carry_bytes) {
  auto one = client();
  one.connect();
  EXPECT_THAT(
      one.say(R"(52-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])"),
      IsEmpty());
  EXPECT_THAT(one.say_bytes("\1\2\3"), IsEmpty());
  EXPECT_THAT(
      one.say_bytes("\4\5\6"),
      ElementsAre(
          R"(52-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])",
          "b:\1\2\3", "b:\4\5\6"));
  one.say(R"(51-789["message-with-ack",{"_placeholder":true,"num":0}])");
  EXPECT_THAT(one.say_bytes("\1"), ElementsAre(R"(61-789[{"_placeholder":true,"num":0}])", "b:\1"));
  // A placeholder in a packet without attachments is an object like another.
  EXPECT_THAT(one.say(R"(2["message",{"_placeholder":true,"num":7}])"),
              ElementsAre(R"(2["message-back",{"_placeholder":true,"num":7}])"));
}

TEST_F(socketio_protocol, half_a_character_becomes_the_replacement_and_does_not_close) {
  auto one = client();
  one.connect();
  EXPECT_THAT(one.say(R"(2["message","\ud83d\ude00","cut \ud83d","\ude00","\\ud83d"])"),
              ElementsAre("2[\"message-back\",\"\xF0\x9F\x98\x80\",\"cut \xEF\xBF\xBD\","
                          "\"\xEF\xBF\xBD\",\"\\\\ud83d\"]"));
}

TEST_F(socketio_protocol, what_breaks_it_closes_the_connection) {
  const std::vector<std::string> wrong{"abc",
                                       "",
                                       "7",
                                       "2{}",
                                       "2[]",
                                       "2[\"a\"",
                                       "2[{}]",
                                       R"(2abc["message-with-ack"])",
                                       R"(2["connect"])",
                                       R"(2["connect_error"])",
                                       R"(2["disconnect"])",
                                       R"(2["disconnecting"])",
                                       R"(2["newListener"])",
                                       R"(2["removeListener"])",
                                       R"(511-["a"])",
                                       R"(2/custom,["a"])",
                                       R"(51-/custom,["a",{"_placeholder":true,"num":0}])",
                                       "1/custom",
                                       "3/custom,1[]",
                                       "0",
                                       R"(4{"message":"x"})",
                                       "0/" + std::string(300, 'n'),
                                       R"(50-["a",{"_placeholder":true,"num":0}])"};
  for (const auto& each : wrong) {
    auto one = client();
    one.connect();
    EXPECT_THAT(one.say(each), IsEmpty()) << each;
    EXPECT_EQ(one.closing(), close_reason::parse_error) << each;
    EXPECT_THAT(one.say(R"(2["message"])"), IsEmpty()) << each;
  }
  EXPECT_EQ(server->figures().broken, wrong.size());
}

TEST_F(socketio_protocol, attachments_come_when_they_are_due_and_only_then) {
  auto text = client();
  text.connect();
  text.say(R"(51-["message",{"_placeholder":true,"num":0}])");
  text.say(R"(2["message"])");
  EXPECT_EQ(text.closing(), close_reason::parse_error);
  auto bytes = client();
  bytes.connect();
  bytes.say_bytes("\1");
  EXPECT_EQ(bytes.closing(), close_reason::parse_error);
  auto outside = client();
  outside.connect();
  outside.say(R"(51-["message",{"_placeholder":true,"num":1}])");
  outside.say_bytes("\1");
  EXPECT_EQ(outside.closing(), close_reason::parse_error);
}

TEST_F(socketio_protocol, nothing_is_heard_before_connect) {
  for (const auto* early : {R"(2["message"])", "1", "31[]"}) {
    auto one = client();
    one.say(early);
    EXPECT_EQ(one.closing(), close_reason::parse_error) << early;
  }
}

TEST_F(socketio_protocol, an_answer_to_no_question_is_let_go) {
  auto one = client();
  one.connect();
  one.say("399[1]");
  EXPECT_FALSE(one.closing());
}

TEST_F(socketio_protocol, a_connection_has_few_namespaces) {
  auto one = client();
  for (int n = 0; n < 40 && !one.closing(); ++n) one.connect("", "/custom" + std::to_string(n));
  EXPECT_FALSE(one.closing());  // refused ones are none
  sio_protocol bare(2);
  EXPECT_EQ(bare.on_text("0/a").what, sio_step::kind::connect);
  EXPECT_EQ(bare.on_text("0/b").what, sio_step::kind::connect);
  EXPECT_EQ(bare.on_text("0/c").what, sio_step::kind::broken);
}

TEST(sio_protocol_attachments, have_a_bound) {
  sio_protocol bare(2, 10);
  bare.on_text("0");
  bare.accepted("/");
  bare.on_text(R"(52-["a",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(bare.on_binary("0123456789").what, sio_step::kind::nothing);
  EXPECT_EQ(bare.held(), 10U);
  EXPECT_EQ(bare.on_binary("0").what, sio_step::kind::broken);
  EXPECT_EQ(bare.held(), 0U);
}

}  // namespace
}  // namespace son1k::realtime::test
