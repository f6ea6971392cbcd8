// Limits of a cluster whose Redis goes and comes back.
#include "accounts/limits/shared_limiter.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <thread>

#include "accounts/limits/local/local_limiter.hpp"
#include "accounts/limits/redis/redis_limiter.hpp"
#include "support/fault_proxy.hpp"
#include "support/manual_clock.hpp"
#include "support/redis_server.hpp"

namespace son1k::accounts::test {
namespace {

using son1k::test::fault_proxy;
using son1k::test::manual_clock;
using son1k::test::redis_server;
using std::chrono::milliseconds;

// Three servers behind a network that can fail.
class shared_limiter_test : public testing::Test {
 protected:
  static constexpr int servers = 3;
  struct process {
    std::unique_ptr<net::redis_client> client;
    std::unique_ptr<shared_limiter> limits;
  };

  void SetUp() override {
    for (int n = 0; n < servers; ++n) processes_.push_back(make_server(with()));
    for (auto& one : processes_) one.limits->look();
    for (auto& one : processes_) one.limits->look();
  }

  shared_limiter_settings with() const {
    shared_limiter_settings settings;
    settings.look_every = milliseconds(5);
    settings.answer_time = std::chrono::seconds(60);
    settings.absent_after = std::chrono::hours(1);
    return settings;
  }
  process make_server(const shared_limiter_settings& settings) {
    process one;
    one.client =
        net::redis_client::make(net::parse_redis_url("redis://" + proxy_.host_port()).value())
            .value();
    one.client->start();
    redis_limiter_settings buckets;
    buckets.clock = &clock_;
    buckets.answer_time = settings.answer_time;
    one.limits = std::make_unique<shared_limiter>(
        *one.client, std::make_unique<redis_limiter>(*one.client, buckets),
        std::make_unique<local_limiter>(clock_), settings);
    return one;
  }
  shared_limiter& server(int n) { return *processes_[static_cast<std::size_t>(n)].limits; }

  limit_verdict take(shared_limiter& at, std::int64_t count, std::int64_t cost = 1) {
    boost::asio::io_context loop;
    std::vector<limit> limits;
    limits.push_back({"user", count, 60'000, cost});
    auto work = at.take(std::move(limits));
    auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    loop.run();
    auto verdict = future.get();
    EXPECT_TRUE(verdict) << verdict.error().what();
    return verdict ? *verdict : limit_verdict{false, {limit_state{}}};
  }
  int take_all(shared_limiter& at, std::int64_t count) {
    int taken = 0;
    while (taken < 1'000 && take(at, count).allowed) ++taken;
    return taken;
  }
  template <class Check>
  void wait_for(Check check) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!check() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(milliseconds(2));
    ASSERT_TRUE(check());
  }
  void lose_redis() {
    proxy_.refuse(true);
    proxy_.cut();
    for (auto& one : processes_) {
      auto* limits = one.limits.get();
      wait_for([limits] { return !limits->shared(); });
    }
  }
  void find_redis() {
    proxy_.refuse(false);
    for (auto& one : processes_) {
      one.limits->look();
      EXPECT_TRUE(one.limits->shared());
    }
  }
  static double figure(const shared_limiter& of, const std::string& name,
                       const std::string& place = {}) {
    std::vector<metrics::family> all;
    of.gather_figures(all);
    for (const auto& family : all)
      for (const auto& sample : family.samples)
        if (family.name == name && (place.empty() || sample.labels.at(0).second == place))
          return sample.value;
    ADD_FAILURE() << "no figure " << name;
    return -1;
  }

  manual_clock clock_;
  redis_server redis_;
  fault_proxy proxy_{redis_.port()};
  std::vector<process> processes_;
};

TEST_F(shared_limiter_test, every_server_knows_how_many_there_are) {
  for (int n = 0; n < servers; ++n) EXPECT_EQ(server(n).servers(), servers);
  processes_.pop_back();
  server(0).look();
  EXPECT_EQ(server(0).servers(), servers - 1);
}

TEST_F(shared_limiter_test, a_server_that_is_silent_for_too_long_no_longer_counts) {
  auto settings = with();
  settings.absent_after = milliseconds(200);
  const auto last = make_server(settings);
  wait_for([&] {
    last.limits->look();
    return last.limits->servers() == 1;
  });
}

TEST_F(shared_limiter_test, looks_by_itself) {
  const auto another = make_server(with());
  another.limits->start();
  wait_for([&] { return another.limits->servers() == servers + 1; });
  processes_.pop_back();
  wait_for([&] { return another.limits->servers() == servers; });
}

TEST_F(shared_limiter_test, without_redis_each_server_gives_its_part_rounded_up) {
  lose_redis();
  for (int n = 0; n < servers; ++n) {
    EXPECT_EQ(take_all(server(n), 10), 4);
    EXPECT_EQ(figure(server(n), "son1k_limits_shared"), 0);
    EXPECT_EQ(figure(server(n), "son1k_limits_takes_total", "local"), 5);
  }
  clock_.advance(15'000);  // a quarter of the minute, and of the part
  EXPECT_EQ(take_all(server(0), 10), 1);
}

TEST_F(shared_limiter_test, without_redis_a_part_is_never_nothing) {
  lose_redis();
  EXPECT_EQ(take_all(server(0), 1), 1);
}

TEST_F(shared_limiter_test, without_redis_a_cost_that_the_limit_has_room_for_still_fits) {
  lose_redis();
  EXPECT_TRUE(take(server(0), 10, 9).allowed);
  EXPECT_FALSE(take(server(0), 10, 9).allowed);
}

TEST_F(shared_limiter_test, when_redis_is_back_the_limit_is_one_again_and_was_given_twice_at_most) {
  EXPECT_EQ(take_all(server(0), 9), 9);
  lose_redis();
  int taken = 9;
  for (int n = 0; n < servers; ++n) taken += take_all(server(n), 9);
  EXPECT_EQ(taken, 18);
  find_redis();
  for (int n = 0; n < servers; ++n) EXPECT_EQ(take_all(server(n), 9), 0);
  lose_redis();
  for (int n = 0; n < servers; ++n) EXPECT_EQ(take_all(server(n), 9), 0);
}

TEST_F(shared_limiter_test, a_redis_that_is_silent_holds_up_one_call_and_not_those_after_it) {
  auto settings = with();
  processes_[0].limits->look();
  settings.answer_time = milliseconds(250);
  const auto hasty = make_server(settings);
  wait_for([&] {
    hasty.limits->look();
    return hasty.limits->shared();
  });
  redis_.freeze();
  for (int call = 0; call < 20; ++call) take(*hasty.limits, 100);
  EXPECT_EQ(figure(*hasty.limits, "son1k_limits_unanswered_total"), 1);
  EXPECT_EQ(figure(*hasty.limits, "son1k_limits_takes_total", "local"), 20);
  redis_.thaw();
  wait_for([&] {
    hasty.limits->look();
    return hasty.limits->shared();
  });
}

TEST_F(shared_limiter_test, a_redis_that_is_full_counts_as_one_that_is_gone) {
  redis_.ask({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(take_all(server(0), 9), 3);
  EXPECT_EQ(figure(server(0), "son1k_limits_unanswered_total"), 1);
  redis_.ask({"CONFIG", "SET", "maxmemory", "0"});
  server(0).look();
  EXPECT_TRUE(server(0).shared());
  EXPECT_EQ(take_all(server(0), 9), 9);
}

}  // namespace
}  // namespace son1k::accounts::test
