// Subscriptions of the Redis client: bytes arrive, and listeners live on over lost connections.
#include <thread>

#include "redis_test.hpp"
#include "support/fault_proxy.hpp"

namespace son1k::net {
namespace {

class redis_subscriptions : public redis_test {};

redis_listener tell(news& told, const std::string& name) {
  return {[&told, name](std::string_view channel, std::string_view payload) {
            told.add(name + " " + std::string(channel) + " " + std::string(payload));
          },
          [&told, name] { told.add(name + " live"); }};
}

auto times(const std::string& text, std::ptrdiff_t n) {
  return
      [text, n](const std::vector<std::string>& all) { return std::ranges::count(all, text) >= n; };
}

TEST_F(redis_subscriptions, payloads_arrive_byte_for_byte_by_name_pattern_and_shard) {
  redis_server server;
  auto client = connect(server.url());
  news told;
  const auto by_name = client->subscribe("news", tell(told, "a"));
  const auto by_pattern = client->subscribe("new*", tell(told, "b"), redis_channel::pattern);
  const auto by_shard = client->subscribe("{tag}s", tell(told, "c"), redis_channel::shard);
  for (const std::string name : {"a live", "b live", "c live"}) ASSERT_TRUE(told.wait_for(name));
  const std::string bytes("x\0\r\n\xfe", 5);
  client->call_and_wait({"PUBLISH", "news", bytes});
  client->call_and_wait({"SPUBLISH", "{tag}s", bytes});
  EXPECT_TRUE(told.wait_for("a news " + bytes));
  EXPECT_TRUE(told.wait_for("b news " + bytes));
  EXPECT_TRUE(told.wait_for("c {tag}s " + bytes));
}

TEST_F(redis_subscriptions, every_listener_of_a_channel_hears_and_the_last_to_leave_unsubscribes) {
  redis_server server;
  auto client = connect(server.url());
  news told;
  auto first = client->subscribe("news", tell(told, "a"));
  auto second = client->subscribe("news", tell(told, "b"));
  ASSERT_TRUE(told.wait_for("a live"));
  ASSERT_TRUE(told.wait_for("b live"));
  first.end();
  client->call_and_wait({"PUBLISH", "news", "one"});
  EXPECT_TRUE(told.wait_for("b news one"));
  second = redis_subscription();
  until([&] {
    return !(client->call_and_wait({"PUBLISH", "news", "two"}).value().number_or(1) != 0);
  });
}

TEST_F(redis_subscriptions, after_a_restart_they_stand_again_and_say_so) {
  redis_server server;
  auto client = connect(server.url());
  news told;
  const auto held = client->subscribe("news", tell(told, "a"));
  ASSERT_TRUE(told.wait_for("a live"));
  for (int round = 2; round <= 4; ++round) {
    server.kill();
    server.start();
    ASSERT_TRUE(told.wait(times("a live", round)));
    const auto text = "round " + std::to_string(round);
    client->call_and_wait({"PUBLISH", "news", text});
    EXPECT_TRUE(told.wait_for("a news " + text));
  }
}

TEST_F(redis_subscriptions, a_half_open_subscription_is_noticed_without_any_message) {
  redis_server server;
  test::fault_proxy proxy(server.port());
  auto client = connect("redis://" + proxy.host_port(), [](redis_settings& s) {
    s.silence_time = 100ms;
    s.ping_every = 50ms;
    s.connect_time = 100ms;
  });
  news told;
  const auto held = client->subscribe("news", tell(told, "a"));
  ASSERT_TRUE(told.wait_for("a live"));
  proxy.half_open(true);
  until([&] { return !(figure_of(*client, "son1k_redis_connections_lost_total") < 2); });
  proxy.cut();
  proxy.half_open(false);
  EXPECT_TRUE(told.wait(times("a live", 2)));
}

TEST_F(redis_subscriptions, a_listener_may_end_itself_and_may_outlive_stop) {
  redis_server server;
  auto client = connect(server.url());
  news told;
  redis_subscription own;
  own = client->subscribe("news", {[&](std::string_view, std::string_view) {
                                     own.end();
                                     told.add("heard");
                                   },
                                   [&] { told.add("live"); }});
  ASSERT_TRUE(told.wait_for("live"));
  client->call_and_wait({"PUBLISH", "news", "x"});
  EXPECT_TRUE(told.wait_for("heard"));
  auto late = client->subscribe("more", tell(told, "late"));
  client->stop();
  late.end();
}

}  // namespace
}  // namespace son1k::net
