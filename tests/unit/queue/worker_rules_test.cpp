// The pure rules of the worker: how a run ends, and how many starts the limiter lets through.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "queue/rate_limiter.hpp"
#include "queue/worker_run.hpp"

namespace son1k::queue {
namespace {

using what = outcome::what;

struct ending {
  stop_reason why;
  what said;
  std::optional<what> written;
};

TEST(decide_end, follows_the_table) {
  constexpr auto none = std::nullopt;
  const ending rows[] = {
      {stop_reason::none, what::completed, what::completed},
      {stop_reason::none, what::failed, what::failed},
      {stop_reason::none, what::cancelled, what::cancelled},
      {stop_reason::none, what::delayed, what::delayed},
      {stop_reason::none, what::released, what::released},
      {stop_reason::none, what::waits, what::waits},
      {stop_reason::lease_lost, what::completed, none},
      {stop_reason::lease_lost, what::failed, none},
      {stop_reason::lease_lost, what::delayed, none},
      {stop_reason::cancelled, what::completed, what::cancelled},
      {stop_reason::cancelled, what::failed, what::cancelled},
      {stop_reason::cancelled, what::delayed, what::cancelled},
      {stop_reason::cancelled, what::waits, what::cancelled},
      {stop_reason::timed_out, what::completed, what::completed},
      {stop_reason::timed_out, what::delayed, what::delayed},
      {stop_reason::timed_out, what::waits, what::waits},
      {stop_reason::timed_out, what::failed, what::failed},
      {stop_reason::timed_out, what::cancelled, what::failed},
      {stop_reason::timed_out, what::released, what::failed},
      {stop_reason::shutting_down, what::completed, what::completed},
      {stop_reason::shutting_down, what::delayed, what::delayed},
      {stop_reason::shutting_down, what::waits, what::waits},
      {stop_reason::shutting_down, what::failed, what::released},
      {stop_reason::shutting_down, what::cancelled, what::released},
      {stop_reason::shutting_down, what::released, what::released},
  };
  for (const ending& row : rows) {
    outcome said;
    said.kind = row.said;
    const auto how = decide_end(said, row.why, 70);
    ASSERT_EQ(how.has_value(), row.written.has_value());
    if (how) {
      EXPECT_EQ(how->kind, *row.written);
    }
  }
}

TEST(decide_end, a_timeout_is_retryable_and_names_its_limit) {
  outcome own = outcome::fail({"upstream", "gone", false});
  const auto how = decide_end(own, stop_reason::timed_out, 70);
  ASSERT_TRUE(how);
  EXPECT_EQ(how->error.code, "timeout");
  EXPECT_TRUE(how->error.retryable);
  EXPECT_NE(how->error.message.find("70 ms"), std::string::npos);
}

TEST(rate_limiter, lets_max_through_and_then_waits_for_the_oldest) {
  rate_limiter limiter({3, 100});
  EXPECT_EQ(limiter.take(1, 1'000), 1U);
  EXPECT_EQ(limiter.take(5, 1'040), 2U);
  EXPECT_EQ(limiter.available(1'099), 0U);
  EXPECT_EQ(limiter.wait_ms(1'099), 1);
  EXPECT_EQ(limiter.take(5, 1'099), 0U);
  EXPECT_EQ(limiter.take(5, 1'100), 1U);
  EXPECT_EQ(limiter.wait_ms(1'100), 40);
  EXPECT_EQ(limiter.take(5, 1'140), 2U);
}

TEST(rate_limiter, bounds_outside_sense_are_clamped) {
  rate_limiter limiter({0, 0});
  EXPECT_EQ(limiter.take(9, 5), 1U);
  EXPECT_EQ(limiter.take(9, 6), 1U);
}

TEST(rate_limiter, no_window_anywhere_holds_more_than_max) {
  std::mt19937 random(7);
  for (const rate_limit limit : {rate_limit{1, 10}, rate_limit{7, 50}, rate_limit{100, 1'000}}) {
    rate_limiter limiter(limit);
    std::deque<std::int64_t> starts;
    std::int64_t now = 0;
    std::size_t granted = 0;
    for (int step = 0; step < 5'000; ++step) {
      now += static_cast<std::int64_t>(random() % 9);
      const std::size_t allowed = limiter.available(now);
      const std::size_t wanted = random() % 5;
      const std::size_t got = limiter.take(wanted, now);
      ASSERT_EQ(got, std::min(allowed, wanted));
      granted += got;
      starts.insert(starts.end(), got, now);
      while (!starts.empty() && starts.front() <= now - limit.per_ms) starts.pop_front();
      ASSERT_LE(starts.size(), static_cast<std::size_t>(limit.max));
      // And it is exact: what the window has left may start.
      ASSERT_EQ(limiter.available(now), static_cast<std::size_t>(limit.max) - starts.size());
      ASSERT_EQ(limiter.wait_ms(now) == 0, limiter.available(now) > 0);
    }
    EXPECT_GT(granted, 0U);
  }
}

}  // namespace
}  // namespace son1k::queue
