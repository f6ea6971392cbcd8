// What the Redis client does when servers and networks fail: nobody stays silent, and every call
// says what became of it.
#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "redis_test.hpp"
#include "support/fault_proxy.hpp"

namespace son1k::net {
namespace {

using test::fault_proxy;
using test::redis_options;
using testing::HasSubstr;

class redis_faults : public redis_test {};

struct tally {
  std::atomic<int> ok{0};
  std::atomic<int> unknown{0};
  std::atomic<int> other{0};
};

// Each of `lanes` coroutines increments without end until told.
boost::asio::awaitable<void> keep_calling(redis_client& client, const std::atomic<bool>& enough,
                                          tally& seen) {
  while (!enough) {
    auto reply = co_await client.call({"INCR", "n"});
    if (reply) {
      ++seen.ok;
    } else if (outcome_unknown(reply.error())) {
      ++seen.unknown;
    } else {
      ++seen.other;
    }
  }
}

TEST_F(redis_faults,
       over_twenty_kills_under_load_no_acknowledged_call_is_lost_and_nobody_is_silent) {
  redis_server server({{"appendonly", "yes"}, {"appendfsync", "always"}});
  auto client = connect(server.url());
  std::atomic<bool> enough{false};
  tally seen;
  std::thread load([&] {
    boost::asio::io_context loop;
    for (int i = 0; i < 50; ++i) {
      boost::asio::co_spawn(loop, keep_calling(*client, enough, seen), [](std::exception_ptr) {});
    }
    loop.run();
  });
  for (int round = 0; round < 20; ++round) {
    const int before = seen.ok;
    until([&] { return !(seen.ok < before + 50); });
    server.kill();
    server.start();
  }
  const int before = seen.ok;
  until([&] { return !(seen.ok < before + 50); });
  enough = true;
  load.join();
  const auto n = client->call_and_wait({"GET", "n"}).value().number_or(-1);
  EXPECT_GE(n, seen.ok);
  EXPECT_LE(n, seen.ok + seen.unknown);
  EXPECT_EQ(seen.other, 0);
  EXPECT_GE(figure_of(*client, "son1k_redis_connections_lost_total"), 20);
  EXPECT_EQ(figure_of(*client, "son1k_redis_calls_in_flight"), 0);
}

TEST_F(redis_faults, a_call_made_while_redis_is_away_waits_for_it) {
  redis_server server;
  auto client = connect(server.url());
  ASSERT_TRUE(client->call_and_wait({"SET", "k", "v"}));
  server.stop();
  await_loss(*client);
  news told;
  const redis_call_options patient{.time = 20s};
  ASSERT_TRUE(client->send(
      {"INCR", "n"}, [&](redis_reply r) { told.add(r ? "ran" : r.error().what()); }, patient));
  server.start();
  EXPECT_TRUE(told.wait_for("ran"));
}

TEST_F(redis_faults, a_call_that_never_reached_anybody_says_so_and_why) {
  const auto port = test::free_port();
  auto client = connect("redis://127.0.0.1:" + std::to_string(port),
                        [](redis_settings& s) { s.call_time = 200ms; });
  const auto reply = client->call_and_wait({"PING"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::unavailable);
  EXPECT_EQ(outcome_of(reply.error()), call_outcome::not_sent);
  EXPECT_THAT(reply.error().message.en, HasSubstr("cannot be reached: Connection refused"));
}

TEST_F(redis_faults, a_reply_that_does_not_come_leaves_the_outcome_unknown) {
  redis_server server;
  fault_proxy proxy(server.port());
  auto client = connect("redis://" + proxy.host_port());
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  proxy.mute_server(true);
  news told;
  ASSERT_TRUE(client->send({"INCR", "n"}, [&](redis_reply r) {
    told.add(r ? "answered" : outcome_unknown(r.error()) ? "unknown" : "other");
  }));
  until([&] { return !(server.ask({"GET", "n"}) != "1"); });
  proxy.cut();
  EXPECT_TRUE(told.wait_for("unknown"));
  proxy.mute_server(false);
  EXPECT_EQ(client->call_and_wait({"GET", "n"}).value().number(), 1);
}

TEST_F(redis_faults, a_half_open_connection_is_given_up_after_the_silence_and_replaced) {
  redis_server server;
  fault_proxy proxy(server.port());
  auto client = connect("redis://" + proxy.host_port(), [](redis_settings& s) {
    s.silence_time = 150ms;
    s.connect_time = 150ms;
  });
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  proxy.half_open(true);
  const auto reply = client->call_and_wait({"INCR", "n"});
  ASSERT_FALSE(reply);
  EXPECT_TRUE(outcome_unknown(reply.error()));
  EXPECT_THAT(reply.error().message.en, HasSubstr("silent"));
  proxy.cut();
  proxy.half_open(false);
  EXPECT_TRUE(client->call_and_wait({"PING"}));
}

TEST_F(redis_faults, an_idle_connection_that_is_half_open_is_noticed_before_it_is_needed) {
  redis_server server;
  fault_proxy proxy(server.port());
  auto client = connect("redis://" + proxy.host_port(), [](redis_settings& s) {
    s.silence_time = 100ms;
    s.ping_every = 50ms;
    s.connect_time = 100ms;
  });
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  proxy.half_open(true);
  until([&] { return !(client->connected()); });
  EXPECT_EQ(figure_of(*client, "son1k_redis_connections_lost_total"), 1);
}

TEST_F(redis_faults, a_slow_call_fails_alone_while_the_server_answers_others) {
  redis_server server;
  fault_proxy proxy(server.port());
  auto client = connect("redis://" + proxy.host_port());
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  const int before = proxy.accepted();
  proxy.mute_server(true);
  news told;
  const redis_call_options hasty{.time = 20ms};
  const auto done = [&](redis_reply r) {
    const bool late = !r && r.error().code == errc::timeout && outcome_unknown(r.error());
    told.add(late ? "late" : "other");
  };
  ASSERT_TRUE(client->send({"INCR", "n"}, done, hasty));
  ASSERT_TRUE(told.wait([](const auto& all) { return all.size() == 1; }));
  proxy.mute_server(false);
  // Its late reply is neither told again nor taken for the next call's.
  EXPECT_EQ(client->call_and_wait({"ECHO", "mine"}).value().bytes(), "mine");
  EXPECT_THAT(told.all(), testing::ElementsAre("late"));
  EXPECT_EQ(proxy.accepted(), before);
}

TEST_F(redis_faults, a_frozen_server_that_wakes_answers_on_a_new_connection) {
  redis_server server;
  auto client = connect(server.url(), [](redis_settings& s) {
    s.silence_time = 100ms;
    s.connect_time = 200ms;
  });
  ASSERT_TRUE(client->call_and_wait({"PING"}));
  server.freeze();
  EXPECT_FALSE(client->call_and_wait({"INCR", "n"}));
  server.thaw();
  EXPECT_TRUE(client->call_and_wait({"PING"}));
}

TEST_F(redis_faults, a_server_that_closes_every_new_connection_is_not_stormed) {
  redis_server server;
  fault_proxy proxy(server.port());
  proxy.refuse(true);
  auto client =
      connect("redis://" + proxy.host_port(), [](redis_settings& s) { s.call_time = 700ms; });
  EXPECT_FALSE(client->call_and_wait({"PING"}));
  // 25…50 ms, then twice that each time: 0.7 s hold at most five waits and some grace.
  EXPECT_LE(proxy.accepted(), 10);
  proxy.refuse(false);
  const redis_call_options patient{.time = 20s};
  EXPECT_TRUE(client->call_and_wait({"PING"}, patient));
}

TEST_F(redis_faults, what_is_not_the_protocol_ends_the_connection_and_says_so) {
  redis_server server;
  fault_proxy proxy(server.port());
  // A Redis that is asked over HTTP by another server's port: here, a TLS greeting to a plain one.
  auto client = connect("rediss://" + proxy.host_port() + "?tls_verify=0",
                        [](redis_settings& s) { s.call_time = 300ms; });
  const auto reply = client->call_and_wait({"PING"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(outcome_of(reply.error()), call_outcome::not_sent);
}

TEST_F(redis_faults, while_redis_loads_its_data_calls_wait) {
  redis_server server;
  constexpr int keys = 2'000;
  {
    auto client = connect(server.url());
    for (int i = 0; i < keys; ++i) {
      ASSERT_TRUE(client->send({"SET", "k" + std::to_string(i), std::string(100, 'x')},
                               [](redis_reply) {}));
    }
    ASSERT_TRUE(client->call_and_wait({"SAVE"}));
  }
  // Each key takes half a millisecond to load, and the server answers LOADING meanwhile.
  server.set("key-load-delay", "500");
  server.set("loading-process-events-interval-bytes", "1024");
  server.restart();
  ASSERT_THAT(server.ask({"GET", "k0"}), HasSubstr("LOADING"));
  auto client = connect(server.url());
  const auto reply = client->call_and_wait({"GET", "k1999"}, {.time = 20s});
  ASSERT_TRUE(reply) << reply.error().what();
  EXPECT_EQ(reply.value().bytes().size(), 100u);
}

TEST_F(redis_faults, a_write_to_a_replica_waits_until_it_is_a_master) {
  redis_server master;
  redis_server replica(redis_options{{"replicaof", "127.0.0.1 " + std::to_string(master.port())}});
  auto client = connect(replica.url());
  const redis_call_options hasty{.time = 300ms};
  const auto refused = client->call_and_wait({"SET", "k", "v"}, hasty);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_THAT(refused.error().message.en, HasSubstr("replica"));
  EXPECT_EQ(outcome_of(refused.error()), call_outcome::refused);
  news told;
  const redis_call_options patient{.time = 20s};
  ASSERT_TRUE(client->send(
      {"SET", "k", "v"}, [&](redis_reply r) { told.add(r ? "ran" : r.error().what()); }, patient));
  replica.ask({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(told.wait_for("ran"));
}

TEST_F(redis_faults, while_a_script_holds_redis_calls_wait_for_its_end) {
  redis_server server(redis_options{{"busy-reply-threshold", "20"}});
  auto client = connect(server.url());
  auto own = client->dedicated("spinning");
  const redis_script spin("while redis.call('PING') do end");
  ASSERT_TRUE(own->send_eval(spin, spin.run(0), [](redis_reply) {}));
  until([&] { return !(!server.ask({"PING"}).starts_with("BUSY")); });
  news told;
  ASSERT_TRUE(client->send({"INCR", "n"}, [&](redis_reply r) { told.add(r ? "ran" : "failed"); }));
  until([&] { return !(server.ask({"SCRIPT", "KILL"}) != "OK"); });
  EXPECT_TRUE(told.wait_for("ran"));
}

}  // namespace
}  // namespace son1k::net
