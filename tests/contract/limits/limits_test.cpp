// What every implementation of the `limiter` port is held to.
#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cmath>
#include <random>
#include <thread>

#include "accounts/limits/local/local_limiter.hpp"
#include "accounts/limits/redis/redis_limiter.hpp"
#include "accounts/limits/shared_limiter.hpp"
#include "support/manual_clock.hpp"
#include "support/redis_server.hpp"

namespace son1k::accounts::test {
namespace {

using son1k::test::manual_clock;
using testing::Each;
using testing::Field;

// Some callers of one place, each as in a process of its own where the implementation allows it.
struct backend {
  virtual ~backend() = default;
  virtual limiter& node(int number) = 0;
  manual_clock clock;
};

struct local_backend final : backend {
  local_limiter all{clock};
  limiter& node(int) override { return all; }
};

struct redis_backend final : backend {
  static constexpr int nodes = 3;
  struct process {
    std::unique_ptr<net::redis_client> client;
    std::unique_ptr<limiter> limits;
  };
  std::vector<process> processes;

  explicit redis_backend(bool shared) {
    static son1k::test::redis_server server;
    static int place = 0;
    redis_limiter_settings settings;
    settings.prefix = "limits-" + std::to_string(++place) + ":{limit}:";
    settings.clock = &clock;
    for (int n = 0; n < nodes; ++n) {
      process one;
      one.client = net::redis_client::make(net::parse_redis_url(server.url()).value()).value();
      one.client->start();
      one.limits = shared ? make_shared(*one.client, settings)
                          : std::make_unique<redis_limiter>(*one.client, settings);
      processes.push_back(std::move(one));
    }
  }
  // With a Redis that is there for as long as the slowest machine may need.
  std::unique_ptr<limiter> make_shared(net::redis_client& client,
                                       const redis_limiter_settings& buckets) const {
    shared_limiter_settings settings;
    settings.servers = buckets.prefix + "servers";
    settings.answer_time = std::chrono::seconds(60);
    auto out =
        std::make_unique<shared_limiter>(client, std::make_unique<redis_limiter>(client, buckets),
                                         std::make_unique<local_limiter>(clock), settings);
    out->look();
    return out;
  }
  limiter& node(int number) override {
    return *processes[static_cast<std::size_t>(number % nodes)].limits;
  }
};

std::unique_ptr<backend> make(const std::string& name) {
  if (name == "local") return std::make_unique<local_backend>();
  return std::make_unique<redis_backend>(name == "shared");
}

class limiter_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { backend_ = make(GetParam()); }
  manual_clock& clock() { return backend_->clock; }

  result<limit_verdict> try_take(std::vector<limit> limits, int node = 0) {
    boost::asio::io_context loop;
    auto work = backend_->node(node).take(std::move(limits));
    auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    loop.run();
    return future.get();
  }
  limit_verdict take(std::vector<limit> limits, int node = 0) {
    auto verdict = try_take(std::move(limits), node);
    EXPECT_TRUE(verdict) << verdict.error().what();
    return verdict ? *verdict : limit_verdict{};
  }
  limit_verdict take(limit one, int node = 0) {
    std::vector<limit> limits;
    limits.push_back(std::move(one));
    return take(std::move(limits), node);
  }
  int take_all(const limit& one) {
    int taken = 0;
    while (taken < 2'000 && take(one).allowed) ++taken;
    return taken;
  }

  // How many of the calls of so many callers at the same time, spread over the nodes, were allowed.
  int crowd(const limit& one, int callers, int calls_each) {
    boost::asio::io_context loop;
    std::atomic<int> taken = 0;
    for (int n = 0; n < callers; ++n) {
      auto work = calls(backend_->node(n), one, calls_each, taken);
      boost::asio::co_spawn(loop, std::move(work), boost::asio::detached);
    }
    std::thread second([&loop] { loop.run(); });
    loop.run();
    second.join();
    return taken;
  }
  static boost::asio::awaitable<void> calls(limiter& node, limit one, int times,
                                            std::atomic<int>& taken) {
    for (int i = 0; i < times; ++i) {
      std::vector<limit> limits;
      limits.push_back(one);
      auto verdict = co_await node.take(std::move(limits));
      EXPECT_TRUE(verdict);
      if (verdict && verdict->allowed) ++taken;
    }
  }

  std::unique_ptr<backend> backend_;
};

limit per_minute(std::string key, std::int64_t count, std::int64_t cost = 1) {
  return {std::move(key), count, 60'000, cost};
}

TEST_P(limiter_contract, gives_the_whole_count_at_once_and_then_says_how_long) {
  EXPECT_EQ(take_all(per_minute("a", 10)), 10);
  const auto refused = take(per_minute("a", 10)).states.at(0);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.retry_after_ms, 6'000);
  EXPECT_EQ(refused.reset_after_ms, 60'000);
}

TEST_P(limiter_contract, the_wait_it_names_is_the_wait) {
  take_all(per_minute("a", 7));
  const auto wait = take(per_minute("a", 7)).states.at(0).retry_after_ms;
  clock().advance(wait - 1);
  EXPECT_FALSE(take(per_minute("a", 7)).allowed);
  clock().advance(1);
  EXPECT_TRUE(take(per_minute("a", 7)).allowed);
  EXPECT_FALSE(take(per_minute("a", 7)).allowed);
}

TEST_P(limiter_contract, what_remains_counts_down_and_comes_back_evenly) {
  EXPECT_EQ(take(per_minute("a", 4)).states.at(0).remaining, 3);
  EXPECT_EQ(take(per_minute("a", 4)).states.at(0).remaining, 2);
  const auto two_taken = take(per_minute("a", 4)).states.at(0);
  EXPECT_EQ(two_taken.remaining, 1);
  EXPECT_EQ(two_taken.reset_after_ms, 45'000);
  clock().advance(30'000);
  EXPECT_EQ(take(per_minute("a", 4)).states.at(0).remaining, 2);
  clock().advance(60'000);
  EXPECT_EQ(take(per_minute("a", 4)).states.at(0).remaining, 3);
}

TEST_P(limiter_contract, keys_do_not_know_of_each_other) {
  EXPECT_EQ(take_all(per_minute("a", 3)), 3);
  EXPECT_EQ(take_all(per_minute("b", 5)), 5);
  EXPECT_EQ(take_all(per_minute("a:b\r\n c", 2)), 2);
}

TEST_P(limiter_contract, of_several_all_are_taken_or_none) {
  take_all(per_minute("route", 2));
  const auto refused = take({per_minute("user", 10), per_minute("route", 2)});
  EXPECT_FALSE(refused.allowed);
  EXPECT_TRUE(refused.states.at(0).allowed);
  EXPECT_FALSE(refused.states.at(1).allowed);
  EXPECT_EQ(refused.tightest(), 1u);
  EXPECT_EQ(refused.states.at(0).remaining, 10);
  EXPECT_EQ(take_all(per_minute("user", 10)), 10);
  const auto both = take({per_minute("x", 5), per_minute("y", 2)});
  EXPECT_TRUE(both.allowed);
  EXPECT_EQ(both.tightest(), 1u);
  EXPECT_EQ(take_all(per_minute("x", 5)), 4);
  EXPECT_EQ(take_all(per_minute("y", 2)), 1);
}

TEST_P(limiter_contract, a_cost_is_taken_whole_or_not_at_all) {
  EXPECT_TRUE(take(per_minute("a", 10, 7)).allowed);
  const auto refused = take(per_minute("a", 10, 4));
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.states.at(0).remaining, 3);
  EXPECT_EQ(refused.states.at(0).retry_after_ms, 6'000);
  EXPECT_TRUE(take(per_minute("a", 10, 3)).allowed);
}

TEST_P(limiter_contract, a_changed_limit_holds_at_once) {
  take_all(per_minute("a", 10));
  EXPECT_FALSE(take(per_minute("a", 10)).allowed);
  const auto smaller = take(per_minute("a", 5)).states.at(0);
  EXPECT_FALSE(smaller.allowed);
  EXPECT_EQ(smaller.retry_after_ms, 12'000);
  clock().advance(6'000);
  // A tenth of the minute has passed: a fifth of what a limit of 50 gives in it.
  EXPECT_EQ(take_all(per_minute("a", 50)), 5);
}

TEST_P(limiter_contract, nobody_gets_more_than_the_count_and_what_leaves_meanwhile) {
  std::mt19937 dice(4);
  const auto begun = clock().now_ms();
  int taken = 0;
  for (int i = 0; i < 400; ++i) {
    clock().advance(static_cast<std::int64_t>(dice() % 900));
    if (take(per_minute("a", 30)).allowed) ++taken;
    const auto passed = static_cast<double>(clock().now_ms() - begun);
    ASSERT_LE(taken, 30 + static_cast<int>(std::floor(passed / 2'000)));
  }
  const auto passed = static_cast<double>(clock().now_ms() - begun);
  EXPECT_GE(taken, static_cast<int>(passed / 2'000));
}

TEST_P(limiter_contract, callers_at_the_same_time_on_several_nodes_get_the_count_together) {
  for (const std::int64_t count : {10, 50, 200, 1'000}) {
    std::atomic<int> taken = 0;
    std::vector<std::thread> callers;
    for (int n = 0; n < 64; ++n) {
      callers.emplace_back([&, n] {
        for (int i = 0; i < 20; ++i)
          if (take(per_minute("tier" + std::to_string(count), count), n).allowed) ++taken;
      });
    }
    for (auto& one : callers) one.join();
    EXPECT_EQ(taken, count);
  }
}

TEST_P(limiter_contract, what_comes_back_comes_evenly_to_callers_on_several_nodes_together) {
  constexpr std::int64_t step_ms = 3'000;
  for (const std::int64_t count : {10, 50, 200, 1'000}) {
    const auto one = per_minute("tier" + std::to_string(count), count);
    const auto at_first = static_cast<int>(count / 64) + 2;
    int taken = crowd(one, 64, at_first);
    EXPECT_EQ(taken, count);
    for (std::int64_t passed = step_ms; passed <= 60'000; passed += step_ms) {
      clock().advance(step_ms);
      taken += crowd(one, 64, static_cast<int>(count / 20 / 64) + 1);
      ASSERT_EQ(taken, count + count * passed / 60'000) << count << " after " << passed << " ms";
    }
  }
}

TEST_P(limiter_contract, several_limits_in_any_order_by_callers_at_the_same_time) {
  std::atomic<int> taken = 0;
  std::vector<std::thread> callers;
  for (int n = 0; n < 8; ++n) {
    callers.emplace_back([&, n] {
      for (int i = 0; i < 50; ++i) {
        std::vector<limit> both{per_minute("x", 100), per_minute("y", 60)};
        if (n % 2 == 0) std::swap(both[0], both[1]);
        if (take(std::move(both), n).allowed) ++taken;
      }
    });
  }
  for (auto& one : callers) one.join();
  EXPECT_EQ(taken, 60);
  EXPECT_EQ(take_all(per_minute("x", 100)), 40);
}

TEST_P(limiter_contract, a_clock_that_was_set_back_locks_nobody_out_for_longer_than_the_period) {
  take_all(per_minute("a", 10));
  clock().set_wall(clock().now_ms() - 3'600'000);
  const auto refused = take(per_minute("a", 10)).states.at(0);
  EXPECT_FALSE(refused.allowed);
  EXPECT_LE(refused.retry_after_ms, 60'000);
}

TEST_P(limiter_contract, what_is_out_of_bounds_is_refused_by_name) {
  const auto field = [&](limit one) {
    std::vector<limit> limits;
    limits.push_back(std::move(one));
    const auto refused = try_take(std::move(limits));
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::validation);
    EXPECT_FALSE(refused.error().message.es.empty());
    return refused.error().field;
  };
  EXPECT_EQ(field({"", 1, 1, 1}), "limits[0].key");
  EXPECT_EQ(field({std::string(257, 'k'), 1, 1, 1}), "limits[0].key");
  EXPECT_EQ(field({"a", 0, 1, 1}), "limits[0].count");
  EXPECT_EQ(field({"a", limit_count_max + 1, 1, 1}), "limits[0].count");
  EXPECT_EQ(field({"a", 1, 0, 1}), "limits[0].period_ms");
  EXPECT_EQ(field({"a", 1, limit_period_ms_max + 1, 1}), "limits[0].period_ms");
  EXPECT_EQ(field({"a", 5, 1, 6}), "limits[0].cost");
  EXPECT_EQ(field({"a", 5, 1, 0}), "limits[0].cost");
  EXPECT_EQ(try_take({}).error().field, "limits");
  EXPECT_EQ(try_take({per_minute("a", 1), per_minute("a", 2)}).error().field, "limits[1].key");
  EXPECT_EQ(take_all(per_minute("a", 5)), 5);
}

TEST_P(limiter_contract, the_largest_limit_and_the_longest_period_are_exact) {
  const limit month{"m", limit_count_max, limit_period_ms_max, limit_count_max};
  EXPECT_TRUE(take(month).allowed);
  const auto refused = take(limit{"m", limit_count_max, limit_period_ms_max, 1}).states.at(0);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after_ms, 2'679);
}

INSTANTIATE_TEST_SUITE_P(, limiter_contract, testing::Values("local", "redis", "shared"),
                         [](const auto& entry) { return entry.param; });

TEST(local_limiter, forgets_what_counts_no_more_and_holds_a_bounded_number_of_keys) {
  manual_clock clock;
  local_limiter limits(clock, 64 * 100);
  const auto take = [&](int key) {
    const limit one{std::to_string(key), 10, 60'000, 1};
    return limits.take_now(std::span(&one, 1));
  };
  int kept = 0;
  for (int key = 0; key < 20'000; ++key)
    if (take(key)) ++kept;
  EXPECT_LE(limits.keys(), 6'400u);
  EXPECT_EQ(limits.keys(), static_cast<std::size_t>(kept));
  clock.advance(60'000);
  for (int key = 30'000; key < 31'000; ++key) EXPECT_TRUE(take(key));
  EXPECT_LE(limits.keys(), 6'400u);
}

}  // namespace
}  // namespace son1k::accounts::test
