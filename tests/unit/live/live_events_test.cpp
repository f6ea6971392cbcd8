#include "api/realtime/live_events.hpp"

#include <gmock/gmock.h>

#include "realtime/rooms/local/local_presence.hpp"
#include "realtime/rooms/local/local_room_store.hpp"
#include "support/manual_clock.hpp"
#include "unit/live/fake_book.hpp"
#include "unit/live/fake_news.hpp"
#include "unit/live/fake_space.hpp"
#include "unit/live/token_identities.hpp"

namespace son1k::api {
namespace {

namespace json = boost::json;
using queue::event_type;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class live_test : public testing::Test {
 protected:
  live_test() {
    live->start();
    desk.start();
  }
  ~live_test() override {
    desk.stop();
    live->stop();
  }

  std::shared_ptr<test::fake_socket> connect(std::string id, std::string token = "ana") {
    auto out = space.connect(std::move(id), json::object{{"token", token}});
    if (out) settle(out);
    return out;
  }
  // What was asked of the newsroom before has been done.
  void settle(const std::shared_ptr<test::fake_socket>& socket) {
    space.until([&] {
      for (const auto& room : socket->rooms())
        if (room.starts_with("user:")) return true;
      return false;
    });
  }
  json::object subscribe(const std::shared_ptr<test::fake_socket>& from, std::string id,
                         std::string since = "") {
    json::object argument{{"topic", "generation"}, {"id", std::move(id)}};
    if (!since.empty()) argument["since"] = since;
    return space.call(from, "subscribe", {std::move(argument)});
  }
  void until_heard(const std::shared_ptr<test::fake_socket>& socket, std::size_t count) {
    space.until([&] { return socket->heard.size() >= count; });
  }
  static std::string event_id(const test::heard_event& e) {
    return std::string(e.args.at(1).at("eventId").as_string());
  }
  static bool succeeded(const json::object& answer) { return answer.at("success").as_bool(); }
  static std::string code(const json::object& answer) {
    return std::string(answer.at("error").at("code").as_string());
  }

  boost::asio::io_context context{1};
  test::manual_clock clock;
  test::fake_news news;
  test::fake_space space{context};
  test::token_identities identities;
  test::fake_book book;
  room_bell bell;
  std::unique_ptr<realtime::room_store> rooms = realtime::make_local_room_store(clock);
  realtime::local_presence presence;
  newsroom desk{test::fake_news::sources(),
                [this](auto told) { return news.subscribe(std::move(told)); },
                [this](auto since, auto limit) { return news.page(since, limit); }, clock};
  std::unique_ptr<live_events> live = std::make_unique<live_events>(
      live_parts{space, identities, book, bell, *rooms, presence, desk, clock, [] {
                   return std::vector<std::pair<std::string, std::string>>{
                       {"queue:stats", R"({"queues":[]})"}};
                 }});
};

TEST_F(live_test, who_is_not_known_is_refused_with_the_reason) {
  EXPECT_EQ(space.connect("s", json::object{{"token", "bad"}}, "es"), nullptr);
  EXPECT_EQ(space.refused.message, "no es válido");
  EXPECT_EQ(space.refused.data.at("code").as_string(), "AUTHENTICATION");
  EXPECT_EQ(space.connect("s", json::object{{"token", 7}}), nullptr);
  EXPECT_EQ(space.refused.data.at("field").as_string(), "token");
}

TEST_F(live_test, the_cookie_of_a_page_of_this_server_says_who_connects) {
  const auto connects = [this](std::string origin, json::value auth = {}) {
    const auto socket = space.connect("s", std::move(auth), "", std::move(origin));
    return socket ? std::string(socket->data().at("user").as_string()) : std::string();
  };
  EXPECT_EQ(connects("http://127.0.0.1:3001"), "");
  space.cookie = "theme=dark; son1k_access=bob";
  EXPECT_EQ(connects("http://127.0.0.1:3001"), "bob");
  EXPECT_EQ(connects(""), "bob") << "a poll of the page's own";
  EXPECT_EQ(connects("http://127.0.0.1:3001", json::object{{"token", "ana"}}), "ana");
  EXPECT_EQ(connects("http://evil.example"), "");
  EXPECT_EQ(space.refused.data.at("field").as_string(), "Origin");
  EXPECT_EQ(connects("http://evil.example", json::object{{"token", "ana"}}), "ana");
  space.host = "evil.example";
  EXPECT_EQ(connects("http://evil.example"), "");
  EXPECT_EQ(space.refused.data.at("field").as_string(), "Host");
}

TEST_F(live_test, a_user_hears_of_his_own_things_and_of_no_others) {
  const auto ana = connect("s1");
  const auto bob = connect("s2", "bob");
  news.progress("a", 10);
  news.add(event_type::completed, "bob-1", 0, R"({"duration":5})");
  until_heard(ana, 1);
  until_heard(bob, 1);
  EXPECT_THAT(ana->names(), ElementsAre("generation:progress"));
  EXPECT_EQ(ana->heard[0].args[0].at("generationId").as_string(), "a");
  EXPECT_THAT(bob->names(), ElementsAre("generation:complete"));
}

TEST_F(live_test, since_gives_what_was_missed_and_then_what_comes_each_once) {
  news.progress("a", 10);
  news.progress("a", 20);
  const auto ana = connect("s1", "ana");
  const auto answer = subscribe(ana, "a", "1");
  ASSERT_TRUE(succeeded(answer)) << answer;
  EXPECT_EQ(answer.at("missed").to_number<int>(), 1);
  news.add(event_type::completed, "a", 0, "{}");
  until_heard(ana, 2);
  EXPECT_THAT(ana->names(), ElementsAre("generation:progress", "generation:complete"));
  EXPECT_EQ(event_id(ana->heard[0]), "2");
  EXPECT_EQ(event_id(ana->heard[1]), "3");
}

TEST_F(live_test, another_ones_thing_is_refused_as_not_found) {
  const auto bob = connect("s2", "bob");
  EXPECT_EQ(code(subscribe(bob, "a")), "NOT_FOUND");
  EXPECT_FALSE(bob->in("generation:a"));
  EXPECT_TRUE(succeeded(subscribe(connect("s3", "bob/operator"), "a")));
}

TEST_F(live_test, a_wrong_subscription_names_the_field_in_the_clients_language) {
  const auto ana = space.connect("s", json::object{{"token", "ana"}}, "es");
  const auto wrong = [&](json::array args) {
    return space.call(ana, "subscribe", std::move(args));
  };
  const auto field = [](const json::object& a) {
    return std::string(a.at("error").at("field").as_string());
  };
  EXPECT_EQ(field(wrong({json::object{{"topic", "weather"}, {"id", "a"}}})), "topic");
  EXPECT_EQ(field(wrong({json::object{{"topic", "generation"}}})), "id");
  EXPECT_EQ(field(wrong({json::object{{"topic", "generation"}, {"id", "a"}, {"user", "bob"}}})),
            "user");
  EXPECT_EQ(field(wrong({json::object{{"topic", "generation"}, {"id", "a"}, {"since", "x"}}})),
            "since");
  EXPECT_EQ(field(wrong({"generation:a"})), "subscribe");
  const auto spoken = wrong({json::object{{"topic", "weather"}, {"id", "a"}}});
  EXPECT_EQ(spoken.at("error").at("message").as_string(), "no hay ningún tema así que seguir");
}

TEST_F(live_test, who_ends_following_hears_no_more_of_it) {
  const auto watcher = connect("s3", "bob/operator");
  subscribe(watcher, "a");
  EXPECT_TRUE(watcher->in("generation:a"));
  EXPECT_TRUE(succeeded(
      space.call(watcher, "unsubscribe", {json::object{{"topic", "generation"}, {"id", "a"}}})));
  EXPECT_FALSE(watcher->in("generation:a"));
}

TEST_F(live_test, a_flood_of_calls_is_refused) {
  const auto ana = connect("s1");
  std::size_t refused = 0;
  for (int n = 0; n < 300; ++n) {
    const auto answer = subscribe(ana, "g" + std::to_string(n));
    if (!succeeded(answer) && code(answer) == "RATE_LIMITED") ++refused;
  }
  EXPECT_EQ(refused, 250u);
  clock.advance(1'000);
  EXPECT_TRUE(succeeded(subscribe(ana, "later")));
}

TEST_F(live_test, one_client_follows_a_bounded_number_of_topics) {
  const auto ana = connect("s1");
  for (std::size_t n = 0; n < topics_per_client_max; ++n) {
    clock.advance(100);
    ASSERT_TRUE(succeeded(subscribe(ana, "g" + std::to_string(n))));
  }
  clock.advance(100);
  EXPECT_EQ(code(subscribe(ana, "one-more")), "SERVICE_UNAVAILABLE");
  EXPECT_TRUE(succeeded(subscribe(ana, "g0")));
}

TEST_F(live_test, an_identity_that_expires_is_warned_of_and_then_cut) {
  identities.expires_at_ms = clock.now_ms() + 60'000;
  const auto ana = connect("s1");
  clock.advance(29'000);
  space.call(ana, "typing_stop", {json::object{{"roomId", "r"}}});
  EXPECT_THAT(ana->names(), IsEmpty());
  clock.advance(2'000);
  until_heard(ana, 1);
  EXPECT_THAT(ana->names(), ElementsAre("auth:expired"));
  clock.advance(30'000);
  space.until([&] { return ana->gone; });
}

TEST_F(live_test, a_refreshed_identity_stays) {
  identities.expires_at_ms = clock.now_ms() + 20'000;
  const auto ana = connect("s1");
  clock.advance(1'000);  // looked at each second, and the first look may have been before
  until_heard(ana, 1);
  identities.expires_at_ms = clock.now_ms() + 600'000;
  EXPECT_EQ(code(space.call(ana, "auth:refresh", {json::object{{"token", "bob"}}})),
            "AUTHORIZATION");
  EXPECT_EQ(code(space.call(ana, "auth:refresh", {json::object{{"token", "bad"}}})),
            "AUTHENTICATION");
  EXPECT_TRUE(succeeded(space.call(ana, "auth:refresh", {json::object{{"token", "ana"}}})));
  clock.advance(60'000);
  news.progress("a", 10);
  until_heard(ana, 2);
  EXPECT_FALSE(ana->gone);
}

TEST_F(live_test, a_revoked_session_is_cut_and_others_are_not) {
  const auto ana = connect("s1");
  const auto bob = connect("s2", "bob");
  identities.revoke({"bob", "s-bob"});
  space.until([&] { return bob->gone; });
  EXPECT_FALSE(ana->gone);
}

TEST_F(live_test, operators_hear_of_the_queues_while_they_watch) {
  const auto ana = connect("s1");
  EXPECT_EQ(code(space.call(ana, "subscribe", {json::object{{"topic", "operations"}}})),
            "AUTHORIZATION");
  const auto op = connect("s2", "olga/operator");
  EXPECT_TRUE(succeeded(space.call(op, "subscribe", {json::object{{"topic", "operations"}}})));
  clock.advance(1'000);
  until_heard(op, 1);
  EXPECT_EQ(op->names().front(), "queue:stats");
  EXPECT_THAT(ana->names(), IsEmpty());
}

TEST_F(live_test, one_that_came_back_hears_what_it_missed_and_keeps_its_rooms) {
  const auto ana = connect("s1");
  subscribe(ana, "a");
  space.disconnect(ana);
  realtime::kept_session kept{"s1", "p", ana->rooms(), ana->data()};
  const auto other = connect("s9", "bob");
  news.progress("a", 30);
  news.add(event_type::completed, "a", 0, "{}");
  const auto back = space.connect("s1", json::object{{"token", "ana"}}, "", "", kept);
  until_heard(back, 1);
  EXPECT_THAT(back->names(), ElementsAre("generation:complete"));
}

TEST_F(live_test, what_another_left_behind_is_not_given_back) {
  const auto ana = connect("s1");
  space.disconnect(ana);
  realtime::kept_session kept{"s1", "p", ana->rooms(), ana->data()};
  const auto bob = space.connect("s1", json::object{{"token", "bob"}}, "", "", kept);
  EXPECT_FALSE(space.refused.recover);
  EXPECT_FALSE(bob->in("user:ana"));
}

TEST_F(live_test, who_was_put_out_of_a_room_is_not_given_what_was_said_there_since) {
  const auto ana = connect("s1");
  ASSERT_TRUE(succeeded(space.call(ana, "join_room", {json::object{{"roomId", "jam"}}})));
  space.disconnect(ana);
  realtime::kept_session kept{"s1", "p", ana->rooms(), ana->data()};
  space.disconnect(space.connect("s1", json::object{{"token", "ana"}}, "", "", kept));
  EXPECT_TRUE(space.refused.recover);
  book.strangers.insert("ana");
  const auto back = space.connect("s1", json::object{{"token", "ana"}}, "", "", kept);
  EXPECT_FALSE(space.refused.recover);
  EXPECT_FALSE(back->in("room:jam"));
}

TEST_F(live_test, a_notification_reaches_each_socket_of_its_user) {
  const auto one = connect("s1"), two = connect("s2"), bob = connect("s3", "bob");
  live->notify("ana", {"invite", "A room", "Come in"});
  until_heard(one, 1);
  until_heard(two, 1);
  EXPECT_EQ(one->heard[0].args[0].at("title").as_string(), "A room");
  EXPECT_THAT(bob->names(), IsEmpty());
}

TEST_F(live_test, what_is_done_over_http_is_heard_by_those_who_are_connected) {
  const auto ana = connect("s1"), bob = connect("s2", "bob");
  ASSERT_TRUE(succeeded(space.call(ana, "join_room", {json::object{{"roomId", "jam"}}})));
  ana->heard.clear();
  bell.said({"m1", "jam", "bob", "Bob", "text", "hello", 1, 0});
  realtime::room_invitation invitation;
  invitation.room = "jam";
  invitation.room_name = "Jam";
  bell.invited("bob", invitation);
  until_heard(ana, 1);
  until_heard(bob, 1);
  EXPECT_THAT(ana->names(), ElementsAre("collaboration_message"));
  ASSERT_THAT(bob->names(), ElementsAre("notification"));
  EXPECT_EQ(bob->heard[0].args[0].at("title").as_string(), "Jam");
  book.strangers.insert("ana");
  bell.changed("jam");
  space.until([&] { return !ana->in("room:jam"); });
}

}  // namespace
}  // namespace son1k::api
