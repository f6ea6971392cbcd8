#include "api/realtime/room_talk.hpp"

#include <gmock/gmock.h>

#include "api/envelope.hpp"
#include "api/realtime/socket_identity.hpp"
#include "realtime/rooms/local/local_room_store.hpp"
#include "support/manual_clock.hpp"
#include "unit/live/fake_book.hpp"
#include "unit/live/fake_space.hpp"

namespace son1k::api {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;

// Other servers of which a test says that they died.
struct noted_people final : realtime::room_presence {
  void enter(realtime::present_person who) override {
    here.insert(who.room + " " + who.socket + " " + who.person);
  }
  void leave(const std::string& room, const std::string& socket) override {
    std::erase_if(here,
                  [&](const auto& one) { return one.starts_with(room + " " + socket + " "); });
  }
  void watch(told l, told b) override {
    left = std::move(l);
    back = std::move(b);
  }
  static realtime::present_person person(std::string socket, std::string user) {
    return {"jam", std::move(socket),
            json::serialize(json::object{{"userId", user}, {"username", "Name of " + user}})};
  }
  std::set<std::string> here;
  told left, back;
};

class talk_test : public testing::Test {
 protected:
  talk_test() {
    space.admit([](realtime::io_request r) -> boost::asio::awaitable<realtime::io_verdict> {
      accounts::identity who;
      who.user = std::string(r.auth.at("user").as_string());
      who.name = "Name of " + who.user;
      co_return realtime::io_verdict::accept(to_json(who));
    });
    space.on_connect([this](const auto& socket) {
      auto client = std::make_shared<live_client>(socket, identity_of(socket->data()), false);
      clients.add(client);
      talk.came_back(client, *socket);
    });
    space.on_disconnect([this](const auto& socket, std::string_view) {
      talk.gone(clients.remove(socket->id()), *socket);
    });
  }

  std::shared_ptr<test::fake_socket> connect(std::string id, std::string user) {
    return space.connect(std::move(id), json::object{{"user", user}});
  }
  std::shared_ptr<test::fake_socket> enter(std::string id, std::string user) {
    auto out = connect(std::move(id), std::move(user));
    EXPECT_TRUE(call(out, "join_room", {}).at("success").as_bool());
    return out;
  }
  json::object call(const std::shared_ptr<test::fake_socket>& from, std::string event,
                    json::object more) {
    more["roomId"] = "jam";
    auto out = space.call(from, std::move(event), {std::move(more)});
    context.restart();
    context.poll();
    return out;
  }
  void settle() {
    context.restart();
    context.poll();
  }
  static std::string code(const json::object& answer) {
    return std::string(answer.at("error").at("code").as_string());
  }

  boost::asio::io_context context{1};
  test::manual_clock clock;
  test::fake_space space{context};
  live_clients clients;
  test::fake_book book;
  std::unique_ptr<realtime::room_store> store = realtime::make_local_room_store(clock);
  noted_people people;
  room_talk talk{{space, clients, clock}, book, *store, people};
};

TEST_F(talk_test, who_enters_learns_what_is_there_and_the_others_learn_of_him) {
  const auto ana = enter("s1", "ana");
  call(ana, "collaboration_message", {{"message", "hello"}});
  call(ana, "state:update", {{"version", 0}, {"state", {{"tempo", 90}}}});
  ana->heard.clear();
  const auto bob = enter("s2", "bob");
  EXPECT_THAT(bob->names(), ElementsAre("room_joined", "room:state"));
  const auto& state = bob->heard[1].args[0].as_object();
  EXPECT_EQ(state.at("version").to_number<int>(), 1);
  EXPECT_EQ(state.at("members").as_array().size(), 2u);
  EXPECT_EQ(state.at("messages").at(0).at("message").as_string(), "hello");
  EXPECT_THAT(ana->names(), ElementsAre("user_joined"));
  EXPECT_EQ(ana->heard[0].args[0].at("username").as_string(), "Name of bob");
}

TEST_F(talk_test, a_second_socket_of_a_person_is_no_news) {
  const auto bob = enter("s1", "bob");
  bob->heard.clear();
  const auto one = enter("s2", "ana"), two = enter("s3", "ana");
  space.disconnect(one);
  context.restart();
  context.poll();
  EXPECT_THAT(bob->names(), ElementsAre("user_joined"));
  call(two, "leave_room", {});
  EXPECT_THAT(bob->names(), ElementsAre("user_joined", "user_left"));
}

TEST_F(talk_test, who_is_in_a_room_is_written_down_until_he_leaves_it_or_goes) {
  const auto ana = enter("s1", "ana"), bob = enter("s2", "bob");
  EXPECT_THAT(people.here, ElementsAre(R"(jam s1 {"userId":"ana","username":"Name of ana"})",
                                       R"(jam s2 {"userId":"bob","username":"Name of bob"})"));
  call(ana, "leave_room", {});
  EXPECT_EQ(people.here.size(), 1u);
  space.disconnect(bob);
  EXPECT_THAT(people.here, IsEmpty());
}

TEST_F(talk_test, people_of_a_server_that_died_have_left_unless_they_are_elsewhere) {
  const auto ana = enter("s1", "ana");
  ana->heard.clear();
  people.left({noted_people::person("x1", "bob"),
               noted_people::person("x2", "bob"),
               noted_people::person("x3", "ana"),
               {"jam", "x4", "{}"},
               {"jam", "x5", "broken"}});
  context.restart();
  context.poll();
  ASSERT_THAT(ana->names(), ElementsAre("user_left"));
  EXPECT_EQ(ana->heard[0].args[0],
            (json::object{{"userId", "bob"}, {"username", "Name of bob"}, {"roomId", "jam"}}));
}

TEST_F(talk_test, who_was_said_to_have_left_and_had_not_is_said_to_be_there) {
  const auto ana = enter("s1", "ana");
  ana->heard.clear();
  people.back({noted_people::person("x1", "bob"), noted_people::person("x2", "bob")});
  context.restart();
  context.poll();
  EXPECT_THAT(ana->names(), ElementsAre("user_joined"));
}

TEST_F(talk_test, who_is_no_member_or_has_not_entered_is_refused) {
  const auto eve = connect("s1", "eve"), ana = connect("s2", "ana");
  EXPECT_EQ(code(call(eve, "join_room", {})), "NOT_FOUND");
  EXPECT_FALSE(eve->in("room:jam"));
  for (const char* event :
       {"collaboration_message", "typing_start", "cursor:move", "state:update", "leave_room"}) {
    json::object more;
    if (std::string_view(event) == "collaboration_message") more["message"] = "x";
    if (std::string_view(event) == "cursor:move") more["position"] = 1;
    if (std::string_view(event) == "state:update") more = {{"version", 0}, {"state", 1}};
    EXPECT_EQ(code(call(ana, event, more)), "NOT_FOUND") << event;
  }
}

TEST_F(talk_test, everybody_hears_a_message_with_its_writers_true_name) {
  const auto ana = enter("s1", "ana"), bob = enter("s2", "bob");
  EXPECT_EQ(code(call(ana, "collaboration_message", {{"message", "x"}, {"userId", "bob"}})),
            "VALIDATION");
  EXPECT_EQ(code(call(ana, "collaboration_message",
                      {{"message", std::string(realtime::room_message_points_max + 1, 'x')}})),
            "VALIDATION");
  ana->heard.clear();
  bob->heard.clear();
  const auto answer = call(ana, "collaboration_message", {{"message", "hi"}});
  ASSERT_THAT(bob->names(), ElementsAre("collaboration_message"));
  EXPECT_THAT(ana->names(), ElementsAre("collaboration_message"));
  const auto& said = bob->heard[0].args[0].as_object();
  EXPECT_EQ(said.at("userId").as_string(), "ana");
  EXPECT_EQ(said.at("id"), answer.at("id"));
  EXPECT_EQ(said.at("type").as_string(), "text");
}

TEST_F(talk_test, an_update_on_an_old_version_is_refused_with_the_new_one) {
  const auto ana = enter("s1", "ana"), bob = enter("s2", "bob");
  bob->heard.clear();
  EXPECT_EQ(call(ana, "state:update", {{"version", 0}, {"state", "a"}}).at("version").as_int64(),
            1);
  EXPECT_THAT(bob->names(), ElementsAre("state:changed"));
  const auto stale = call(bob, "state:update", {{"version", 0}, {"state", "b"}});
  EXPECT_EQ(code(stale), "CONFLICT");
  EXPECT_EQ(stale.at("error").at("details").at("version").to_number<int>(), 1);
  EXPECT_EQ(stale.at("error").at("details").at("state").as_string(), "a");
  EXPECT_EQ(
      code(call(bob, "state:update",
                {{"version", 1}, {"state", std::string(realtime::room_state_bytes_max, 'x')}})),
      "PAYLOAD_TOO_LARGE");
}

TEST_F(talk_test, typing_is_told_once_and_ends_with_silence) {
  const auto ana = enter("s1", "ana"), bob = enter("s2", "bob");
  ana->heard.clear();
  bob->heard.clear();
  call(ana, "typing_start", {});
  clock.advance(3'000);
  call(ana, "typing_start", {});
  EXPECT_THAT(bob->names(), ElementsAre("user_typing"));
  clock.advance(typing_silence_ms);
  talk.tick();
  context.restart();
  context.poll();
  ASSERT_THAT(bob->names(), ElementsAre("user_typing", "user_typing"));
  EXPECT_FALSE(bob->heard[1].args[0].at("typing").as_bool());
  EXPECT_THAT(ana->names(), IsEmpty());
}

TEST_F(talk_test, a_viewer_looks_on_and_listens) {
  book.roles["vera"] = realtime::room_role::viewer;
  const auto ana = enter("s1", "ana"), vera = enter("s2", "vera");
  EXPECT_EQ(code(call(vera, "collaboration_message", {{"message", "x"}})), "AUTHORIZATION");
  EXPECT_EQ(code(call(vera, "typing_start", {})), "AUTHORIZATION");
  EXPECT_EQ(code(call(vera, "state:update", {{"version", 0}, {"state", 1}})), "AUTHORIZATION");
  EXPECT_TRUE(call(vera, "typing_stop", {}).at("success").as_bool());
  vera->heard.clear();
  call(ana, "collaboration_message", {{"message", "hi"}});
  EXPECT_THAT(vera->names(), ElementsAre("collaboration_message"));
}

TEST_F(talk_test, what_is_said_elsewhere_is_heard_and_what_was_said_is_given) {
  const auto ana = enter("s1", "ana");
  ana->heard.clear();
  realtime::room_message what{"m1", "jam", "bob", "Bob", "text", "over HTTP", 1, 0};
  book.said.push_back(what);
  talk.said(what);
  settle();
  ASSERT_THAT(ana->names(), ElementsAre("collaboration_message"));
  EXPECT_EQ(ana->heard[0].args[0].at("message").as_string(), "over HTTP");
  const auto bob = enter("s2", "bob");
  EXPECT_EQ(bob->heard[1].args[0].at("messages").at(0).at("id").as_string(), "m1");
}

TEST_F(talk_test, who_is_no_member_any_more_is_out_and_the_others_hear_of_it) {
  const auto ana = enter("s1", "ana"), one = enter("s2", "bob"), two = enter("s3", "bob");
  ana->heard.clear();
  one->heard.clear();
  book.strangers.insert("bob");
  talk.changed("jam");
  settle();
  for (const auto& gone : {one, two}) {
    EXPECT_FALSE(gone->in("room:jam"));
    EXPECT_EQ(code(call(gone, "collaboration_message", {{"message", "x"}})), "NOT_FOUND");
  }
  ASSERT_THAT(one->names(), testing::Contains("room_left"));
  EXPECT_EQ(one->heard.back().args[0].at("reason").as_string(), "removed");
  EXPECT_THAT(ana->names(), ElementsAre("user_left"));
  EXPECT_TRUE(ana->in("room:jam"));
  EXPECT_EQ(people.here.size(), 1u);
}

TEST_F(talk_test, what_other_servers_changed_is_found_in_the_book) {
  const auto bob = enter("s1", "bob");
  book.roles["bob"] = realtime::room_role::viewer;
  talk.tick();
  settle();
  EXPECT_TRUE(call(bob, "typing_start", {}).at("success").as_bool());
  book.note_change("another");
  book.note_change("jam");
  talk.tick();
  settle();
  EXPECT_EQ(code(call(bob, "typing_start", {})), "AUTHORIZATION");
  EXPECT_EQ(bob->names().back(), "room_role");
}

TEST_F(talk_test, what_could_not_be_asked_is_asked_again) {
  const auto bob = enter("s1", "bob");
  book.strangers.insert("bob");
  book.away = true;
  talk.changed("jam");
  settle();
  EXPECT_TRUE(bob->in("room:jam"));
  book.away = false;
  talk.tick();
  settle();
  EXPECT_FALSE(bob->in("room:jam"));
}

TEST_F(talk_test, after_the_book_was_away_everybody_is_asked_for) {
  const auto bob = enter("s1", "bob");
  book.strangers.insert("bob");
  book.lose(true);
  talk.tick();
  book.lose(false);
  talk.tick();
  settle();
  EXPECT_FALSE(bob->in("room:jam"));
}

TEST_F(talk_test, who_is_put_out_while_he_enters_is_out) {
  const auto bob = connect("s1", "bob");
  book.after_check = [&] {
    book.strangers.insert("bob");
    talk.changed("jam");
    context.poll();
  };
  call(bob, "join_room", {});
  settle();
  EXPECT_FALSE(bob->in("room:jam"));
  EXPECT_EQ(code(call(bob, "typing_start", {})), "NOT_FOUND");
}

TEST_F(talk_test, who_was_put_out_while_away_does_not_come_back) {
  const auto bob = enter("s1", "bob");
  space.disconnect(bob);
  book.strangers.insert("bob");
  realtime::kept_session kept{"s1", "p", bob->rooms(), bob->data()};
  const auto back = space.connect("s1", json::object{{"user", "bob"}}, "", "", kept);
  settle();
  EXPECT_FALSE(back->in("room:jam"));
}

TEST_F(talk_test, a_cursor_is_bounded) {
  const auto ana = enter("s1", "ana"), bob = enter("s2", "bob");
  bob->heard.clear();
  call(ana, "cursor:move", {{"position", {{"x", 1}, {"y", 2}}}});
  EXPECT_THAT(bob->names(), ElementsAre("cursor:update"));
  EXPECT_EQ(code(call(ana, "cursor:move", {{"position", std::string(cursor_bytes_max, 'x')}})),
            "VALIDATION");
}

}  // namespace
}  // namespace son1k::api
