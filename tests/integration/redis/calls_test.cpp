// Calls, scripts, bounds and errors of the Redis client against a real server.
#include <future>

#include "redis_test.hpp"

namespace son1k::net {
namespace {

using testing::HasSubstr;
using testing::Not;

class redis_calls : public redis_test {};

TEST_F(redis_calls, values_come_back_byte_for_byte) {
  redis_server server;
  auto client = connect(server.url());
  const std::string bytes("a\0b\r\n\xff$5", 8);
  EXPECT_EQ(client->call_and_wait({"SET", "k", bytes}).value().bytes(), "OK");
  EXPECT_EQ(client->call_and_wait({"GET", "k"}).value().bytes(), bytes);
  EXPECT_TRUE(client->call_and_wait({"GET", "absent"}).value().is_nil());
  EXPECT_EQ(client->call_and_wait({"INCR", "n"}).value().number(), 1);
  client->call_and_wait({"HSET", "h", "one", "1", "two", "2"});
  const auto hash = client->call_and_wait({"HGETALL", "h"});
  EXPECT_EQ(hash.value().at("two").number(), 2);
  EXPECT_TRUE(hash.value().at("three").is_nil());
  const std::string large(3'000'000, 'x');
  client->call_and_wait({"SET", "large", large});
  EXPECT_EQ(client->call_and_wait({"GET", "large"}).value().bytes(), large);
}

boost::asio::awaitable<void> count_up(redis_client& client, int times) {
  for (int i = 1; i <= times; ++i) {
    auto reply = co_await client.call({"INCR", "n"});
    EXPECT_EQ(reply.value().number(), i);
  }
}

TEST_F(redis_calls, a_coroutine_resumes_with_its_reply_on_its_own_executor) {
  redis_server server;
  auto client = connect(server.url());
  run(count_up(*client, 100));
}

TEST_F(redis_calls, calls_that_are_under_way_together_are_answered_in_their_order) {
  redis_server server;
  auto client = connect(server.url());
  constexpr int count = 20'000;
  std::promise<void> all;
  int last = 0;
  bool in_order = true;
  for (int i = 1; i <= count; ++i) {
    const auto sent = client->send({"INCR", "n"}, [&, i](redis_reply reply) {
      in_order = in_order && reply && reply.value().number() == i;
      last = i;
      if (i == count) all.set_value();
    });
    ASSERT_TRUE(sent);
  }
  all.get_future().wait();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(last, count);
}

TEST_F(redis_calls, a_script_is_loaded_where_it_is_unknown_and_again_after_a_flush) {
  redis_server server;
  auto client = connect(server.url());
  const redis_script sum("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  EXPECT_EQ(client->eval_and_wait(sum, {"n"}, {"2"})->number(), 2);
  server.ask({"SCRIPT", "FLUSH"});
  std::vector<std::future<std::int64_t>> many;
  for (int i = 0; i < 100; ++i) {
    auto promise = std::make_shared<std::promise<std::int64_t>>();
    many.push_back(promise->get_future());
    const std::vector<std::string> keys{"n"};
    const std::vector<std::string> args{"1"};
    ASSERT_TRUE(client->send_eval(sum, sum.run(keys, args), [promise](redis_reply reply) {
      promise->set_value(reply ? reply.value().number_or(-1) : -1);
    }));
  }
  std::set<std::int64_t> seen;
  for (auto& one : many) seen.insert(one.get());
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(*seen.begin(), 3);
  EXPECT_EQ(*seen.rbegin(), 102);
  // One SCRIPT LOAD served all that were under way.
  const auto info = server.ask({"INFO", "commandstats"});
  EXPECT_THAT(info, HasSubstr("cmdstat_script|load:calls=2,"));
}

TEST_F(redis_calls, an_error_of_redis_is_an_error_and_the_connection_goes_on) {
  redis_server server;
  auto client = connect(server.url());
  client->call_and_wait({"SET", "k", "text"});
  const auto wrong = client->call_and_wait({"INCR", "k"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(outcome_of(wrong.error()), call_outcome::refused);
  EXPECT_THAT(wrong.error().message.en, HasSubstr("not an integer"));
  const auto unknown = client->call_and_wait({"NOSUCH", "hunter2"});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().what(), Not(HasSubstr("hunter2")));
  EXPECT_TRUE(client->call_and_wait({"GET", "k"}));
}

TEST_F(redis_calls, a_full_redis_says_storage_full) {
  redis_server server({{"maxmemory", "2mb"}, {"maxmemory-policy", "noeviction"}});
  auto client = connect(server.url());
  redis_reply reply = redis_value();
  for (int i = 0; i < 20 && reply; ++i) {
    reply = client->call_and_wait({"SET", "k" + std::to_string(i), std::string(200'000, 'x')});
  }
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::storage_full);
  EXPECT_FALSE(reply.error().message.es.empty());
}

TEST_F(redis_calls, beyond_the_bound_of_calls_a_call_is_refused_and_never_sent) {
  redis_server server;
  auto client = connect(server.url(), [](redis_settings& s) { s.calls_max = 10; });
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  server.freeze();
  news told;
  int refused = 0;
  for (int i = 0; i < 15; ++i) {
    const auto sent = client->send({"INCR", "n"}, [&](redis_reply) { told.add("done"); });
    if (sent) continue;
    ++refused;
    EXPECT_EQ(sent.error().code, errc::unavailable);
    EXPECT_EQ(outcome_of(sent.error()), call_outcome::not_sent);
  }
  EXPECT_EQ(refused, 5);
  server.thaw();
  EXPECT_TRUE(told.wait([](const auto& all) { return all.size() == 10; }));
  EXPECT_EQ(client->call_and_wait({"GET", "n"}).value().number(), 10);
}

TEST_F(redis_calls, beyond_the_bound_of_bytes_a_call_is_refused_until_there_is_room) {
  redis_server server;
  auto client = connect(server.url(), [](redis_settings& s) { s.bytes_max = 1'000; });
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  const redis_command large("SET", "k", std::string(600, 'x'));
  server.freeze();
  news told;
  ASSERT_TRUE(client->send(large, [&](redis_reply) { told.add("done"); }));
  EXPECT_FALSE(client->send(large, [](redis_reply) {}));
  server.thaw();
  ASSERT_TRUE(told.wait_for("done"));
  EXPECT_TRUE(client->call_and_wait(large));
  EXPECT_FALSE(client->call_and_wait({"SET", "k", std::string(1'001, 'x')}));
}

TEST_F(redis_calls, a_reply_beyond_the_bound_is_refused_and_the_client_comes_back) {
  redis_server server;
  auto client = connect(server.url(), [](redis_settings& s) { s.reply_bytes_max = 100'000; });
  client->call_and_wait({"SET", "large", std::string(200'000, 'x')});
  const auto reply = client->call_and_wait({"GET", "large"});
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().what(), HasSubstr("larger than"));
  EXPECT_EQ(client->call_and_wait({"STRLEN", "large"}).value().number(), 200'000);
}

TEST_F(redis_calls, stop_ends_every_call_and_later_ones_are_refused) {
  redis_server server;
  auto client = connect(server.url());
  auto own = client->dedicated("blocked");
  news told;
  const redis_call_options long_block{.block = 60s};
  ASSERT_TRUE(own->send(
      {"BLPOP", "empty", "60"},
      [&](redis_reply r) { told.add(std::string(name_of(r.error().code))); }, long_block));
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  client->stop();
  EXPECT_THAT(told.all(), testing::ElementsAre("cancelled"));
  EXPECT_FALSE(client->call_and_wait({"PING"}));
  EXPECT_FALSE(own->call_and_wait({"PING"}));
  EXPECT_FALSE(client->dedicated("late")->call_and_wait({"PING"}));
}

TEST_F(redis_calls, a_dedicated_connection_blocks_without_holding_the_others_up) {
  redis_server server;
  auto client = connect(server.url(), [](redis_settings& s) { s.call_time = 1s; });
  auto own = client->dedicated("bull:cHJvYmU=");
  news told;
  const redis_call_options block{.block = 60s};
  ASSERT_TRUE(own->send(
      {"BLPOP", "list", "60"}, [&](redis_reply r) { told.add(std::string(r.value()[1].bytes())); },
      block));
  // The server names its clients once the dedicated one has said hello.
  std::string clients;
  until([&] {
    clients = client->call_and_wait({"CLIENT", "LIST"}).value().bytes();
    return clients.find("name=bull:cHJvYmU=") != std::string::npos;
  });
  EXPECT_THAT(clients, HasSubstr("name=son1k"));
  client->call_and_wait({"RPUSH", "list", "x"});
  EXPECT_TRUE(told.wait_for("x"));
}

TEST_F(redis_calls, an_interrupt_ends_a_blocking_call_at_once) {
  redis_server server;
  auto client = connect(server.url());
  auto own = client->dedicated("blocked");
  ASSERT_TRUE(own->call_and_wait({"PING"}));
  news told;
  const redis_call_options block{.block = 60s};
  ASSERT_TRUE(own->send(
      {"BLPOP", "list", "60"}, [&](redis_reply r) { told.add(r ? "popped" : "ended"); }, block));
  // The interrupt is for the call, so the call must be there.
  until([&] {
    const auto info = client->call_and_wait({"INFO", "clients"});
    return info.value().bytes().find("blocked_clients:1") != std::string::npos;
  });
  own->interrupt();
  EXPECT_TRUE(told.wait_for("ended"));
  EXPECT_TRUE(own->call_and_wait({"PING"}));
}

}  // namespace
}  // namespace son1k::net
