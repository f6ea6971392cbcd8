// The rules of the queue, as tables.
#include "queue/policy.hpp"

#include <gtest/gtest.h>

namespace son1k::queue {
namespace {

using s = job_state;
using t = job_trigger;

constexpr s every_state[] = {s::waiting,          s::prioritized, s::delayed, s::active,
                             s::waiting_children, s::completed,   s::failed};
constexpr t every_trigger[] = {t::claimed,   t::promoted, t::completed, t::failed,
                               t::cancelled, t::delayed,  t::released,  t::stalled};

struct move {
  s from;
  t trigger;
  s to;
  bool removed = false;
};

// Everything that is allowed for a job of priority 0, at its first run, with a retryable error.
constexpr move allowed[] = {
    {s::waiting, t::claimed, s::active},
    {s::prioritized, t::claimed, s::active},
    {s::delayed, t::promoted, s::waiting},
    {s::waiting, t::cancelled, s::waiting, true},
    {s::prioritized, t::cancelled, s::waiting, true},
    {s::delayed, t::cancelled, s::waiting, true},
    {s::waiting_children, t::cancelled, s::waiting, true},
    {s::active, t::completed, s::completed},
    {s::active, t::failed, s::delayed},
    {s::active, t::cancelled, s::failed},
    {s::active, t::delayed, s::delayed},
    {s::active, t::released, s::waiting},
    {s::active, t::stalled, s::waiting},
};

TEST(transition, the_table_is_complete_and_allows_nothing_else) {
  const trigger_facts facts{1'000, 5'000, true, 0.0};
  for (const auto from : every_state) {
    for (const auto trigger : every_trigger) {
      job_facts job;
      job.state = from;
      const auto* row = std::find_if(std::begin(allowed), std::end(allowed), [&](const move& m) {
        return m.from == from && m.trigger == trigger;
      });
      const auto to = next(job, trigger, facts, {});
      ASSERT_EQ(to.has_value(), row != std::end(allowed))
          << name_of(from) << " " << static_cast<int>(trigger);
      if (!to) continue;
      EXPECT_EQ(to->removed, row->removed);
      if (!row->removed) {
        EXPECT_EQ(to->to, row->to) << name_of(from);
      }
      EXPECT_EQ(to->ended, !row->removed && is_ended(row->to));
    }
  }
}

TEST(transition, a_job_with_priority_is_ready_as_prioritized) {
  job_facts job;
  job.state = s::active;
  job.priority = 5;
  EXPECT_EQ(next(job, t::released, {}, {})->to, s::prioritized);
  EXPECT_EQ(next(job, t::stalled, {}, {})->to, s::prioritized);
}

TEST(transition, what_each_trigger_counts) {
  job_facts job;
  job.state = s::active;
  job.attempts_made = 1;
  job.stalls = 2;
  job.starts = 4;
  const auto stalled = *next(job, t::stalled, {}, {});
  EXPECT_EQ(stalled.attempts_made, 1);
  EXPECT_EQ(stalled.stalls, 3);
  EXPECT_EQ(stalled.starts, 4);
  EXPECT_EQ(next(job, t::failed, {}, {})->attempts_made, 2);
  EXPECT_EQ(next(job, t::completed, {}, {})->attempts_made, 2);
  EXPECT_EQ(next(job, t::released, {}, {})->attempts_made, 1);
  EXPECT_EQ(next(job, t::delayed, {}, {})->attempts_made, 1);
  job.state = s::waiting;
  EXPECT_EQ(next(job, t::claimed, {}, {})->starts, 5);
}

TEST(transition, only_stalls_in_a_row_count) {
  job_facts job;
  job.state = s::active;
  job.attempts_made = 0;
  job.stalls = 4;
  for (const auto trigger : {t::failed, t::delayed, t::waits})
    EXPECT_EQ(next(job, trigger, {}, {})->stalls, 0) << static_cast<int>(trigger);
  // A run that was cut short shows nothing.
  EXPECT_EQ(next(job, t::released, {}, {})->stalls, 4);
  EXPECT_EQ(next(job, t::stalled, {}, {})->stalls, 5);
  // What a job went through before its end stays to be read, until it is retried.
  EXPECT_EQ(next(job, t::completed, {}, {})->stalls, 4);
  EXPECT_EQ(next(job, t::cancelled, {}, {})->stalls, 4);
  EXPECT_EQ(next(job, t::failed, {0, 0, false, 0.0}, {})->stalls, 4);
  job.state = s::failed;
  EXPECT_EQ(next(job, t::retried, {}, {})->stalls, 0);
}

TEST(transition, a_failed_run_is_retried_until_its_attempts_are_spent) {
  struct row {
    std::int32_t attempts, made;
    bool retryable;
    s to;
    std::int64_t wait;
    bool exhausted;
  };
  const row rows[] = {
      {3, 0, true, s::delayed, 2'000, false}, {3, 1, true, s::delayed, 4'000, false},
      {3, 2, true, s::failed, 0, true},       {1, 0, true, s::failed, 0, true},
      {3, 0, false, s::failed, 0, false},     {3, 9, true, s::failed, 0, true},
  };
  for (const auto& r : rows) {
    job_facts job;
    job.state = s::active;
    job.attempts_made = r.made;
    job_options options;
    options.attempts = r.attempts;
    const auto to = *next(job, t::failed, {10'000, 0, r.retryable, 0.0}, options);
    EXPECT_EQ(to.to, r.to);
    EXPECT_EQ(to.exhausted, r.exhausted);
    EXPECT_EQ(to.run_at_ms, r.wait == 0 ? 0 : 10'000 + r.wait);
  }
}

TEST(transition, without_backoff_a_retry_is_ready_at_once) {
  job_facts job;
  job.state = s::active;
  job_options options;
  options.backoff.delay_ms = 0;
  EXPECT_EQ(next(job, t::failed, {}, options)->to, s::waiting);
}

TEST(transition, a_cancel_asked_for_wins_over_everything_but_a_stall) {
  job_facts job;
  job.state = s::active;
  job.cancel_requested = true;
  for (const auto trigger : {t::completed, t::failed, t::delayed, t::released, t::cancelled}) {
    const auto to = *next(job, trigger, {1'000, 5'000, true, 0.0}, {});
    EXPECT_EQ(to.to, s::failed);
    EXPECT_TRUE(to.cancelled);
    EXPECT_TRUE(to.ended);
  }
  EXPECT_EQ(next(job, t::stalled, {}, {})->to, s::waiting);
}

TEST(transition, a_delay_into_the_past_is_no_delay) {
  job_facts job;
  job.state = s::active;
  EXPECT_EQ(next(job, t::delayed, {1'000, 1'000, true, 0}, {})->to, s::waiting);
  const auto later = *next(job, t::delayed, {1'000, 1'001, true, 0}, {});
  EXPECT_EQ(later.to, s::delayed);
  EXPECT_EQ(later.run_at_ms, 1'001);
}

TEST(backoff, waits_of_both_kinds) {
  struct row {
    backoff_kind kind;
    std::int64_t delay;
    double jitter;
    std::int32_t made;
    double random;
    std::int64_t wait;
  };
  const row rows[] = {
      {backoff_kind::exponential, 2'000, 0, 1, 0, 2'000},
      {backoff_kind::exponential, 2'000, 0, 2, 0, 4'000},
      {backoff_kind::exponential, 2'000, 0, 5, 0, 32'000},
      {backoff_kind::exponential, 2'000, 0, 1'000, 0, 86'400'000},
      {backoff_kind::exponential, 2'000, 0.5, 1, 1.0, 1'000},
      {backoff_kind::exponential, 2'000, 0.5, 1, 0.5, 1'500},
      {backoff_kind::exponential, 2'000, 1.0, 1, 1.0, 0},
      {backoff_kind::fixed, 700, 0, 9, 0, 700},
      {backoff_kind::fixed, 90'000'000, 0, 1, 0, 86'400'000},
      {backoff_kind::fixed, 0, 0, 1, 0, 0},
      {backoff_kind::fixed, -5, 0, 1, 0, 0},
      {backoff_kind::exponential, 2'000, 0, 0, 0, 0},
      {backoff_kind::exponential, 2'000, 7.0, 1, 7.0, 0},
  };
  for (const auto& r : rows)
    EXPECT_EQ(backoff_ms({r.kind, r.delay, r.jitter}, r.made, r.random), r.wait);
}

TEST(keep, age_and_count_bound_what_is_kept) {
  const auto rule = keep_of({1'000, 5}, 10'000);
  EXPECT_EQ(rule.count, 5);
  EXPECT_EQ(rule.oldest_ms, 9'000);
  EXPECT_TRUE(keeps_nothing({0, 5}));
  EXPECT_TRUE(keeps_nothing({5, 0}));
  EXPECT_FALSE(keeps_nothing({1, 1}));
}

}  // namespace
}  // namespace son1k::queue
