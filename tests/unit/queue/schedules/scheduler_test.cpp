// What a scheduler does about runs that are due, late, missed, in each other's way, or in doubt.
#include "queue/schedules/scheduler.hpp"

#include <gtest/gtest.h>

#include <condition_variable>

#include "schedule_place.hpp"

namespace son1k::queue::test {
namespace {

class scheduler_rules : public testing::Test {
 protected:
  void SetUp() override { pass(); }
  std::int64_t pass() { return place.run(one->pass()); }
  // Time goes by and the scheduler looks now and then.
  void live(std::int64_t ms) {
    for (const auto step = 10 * second; ms > 0; ms -= step) {
      place.clock.advance(std::min(ms, step));
      pass();
    }
  }
  // The machine sleeps, or no scheduler is there.
  void away(std::int64_t ms) {
    place.clock.advance(ms);
    pass();
  }

  schedule_place place;
  std::unique_ptr<scheduler> one = place.new_scheduler();
};

TEST_F(scheduler_rules, a_due_run_adds_its_job_once_and_never_early) {
  auto spec = place.every("s", minute);
  spec.data = R"({"n":1})";
  spec.user = "ana";
  spec.options.priority = 7;
  spec.options.attempts = 9;
  spec.options.group = "g";
  place.create(spec);
  EXPECT_LE(pass(), 2 * second);
  place.clock.advance(minute - 1);
  pass();
  EXPECT_EQ(place.waiting() + place.queue().counts("q").value().prioritized, 0);
  place.clock.advance(1);
  pass();
  pass();
  const auto jobs = place.claim();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].held.id, job_id("s", midnight + minute));
  EXPECT_EQ(jobs[0].data, R"({"n":1})");
  EXPECT_EQ(jobs[0].user, "ana");
  EXPECT_EQ(jobs[0].options.priority, 7);
  EXPECT_EQ(jobs[0].options.attempts, 9);
  EXPECT_EQ(jobs[0].options.group, "g");
  const auto now = place.get("s");
  EXPECT_EQ(now.next_run_ms, midnight + 2 * minute);
  EXPECT_EQ(now.last_run_ms, midnight + minute);
  EXPECT_EQ(now.last_job, (job_ref{"q", job_id("s", midnight + minute)}));
  EXPECT_EQ(now.runs, 1);
  EXPECT_EQ(now.version, 1);
}

TEST_F(scheduler_rules, the_next_look_is_when_the_next_run_is_due) {
  place.create(place.every("s", 1'500));
  place.clock.advance(1'000);
  pass();
  EXPECT_LE(pass(), 500);
}

TEST_F(scheduler_rules, missed_runs_are_skipped) {
  place.create(place.by_cron("s", "*/10 * * * *"));
  away(3 * hour + minute);
  EXPECT_EQ(place.waiting(), 0);
  EXPECT_EQ(place.get("s").next_run_ms, midnight + 3 * hour + 10 * minute);
  live(10 * minute);
  EXPECT_EQ(place.waiting(), 1);
}

TEST_F(scheduler_rules, missed_runs_are_made_up_for_by_one) {
  auto spec = place.by_cron("s", "*/10 * * * *");
  spec.missed = missed_rule::once;
  place.create(spec);
  away(3 * hour + minute);
  EXPECT_EQ(place.waiting(), 1);
  EXPECT_TRUE(place.has_job(job_id("s", midnight + 10 * minute)));
  const auto now = place.get("s");
  EXPECT_EQ(now.next_run_ms, midnight + 3 * hour + 10 * minute);
  EXPECT_EQ(now.runs, 1);
}

TEST_F(scheduler_rules, a_run_that_is_a_little_late_is_not_missed) {
  place.create(place.every("s", hour));
  away(hour + missed_after_ms);
  EXPECT_TRUE(place.has_job(job_id("s", midnight + hour)));
  away(hour + 1);
  EXPECT_FALSE(place.has_job(job_id("s", midnight + 2 * hour)));
}

TEST_F(scheduler_rules, a_run_is_left_out_while_the_one_before_has_not_ended) {
  place.create(place.every("s", minute));
  live(minute);
  const auto jobs = place.claim();
  ASSERT_EQ(jobs.size(), 1u);
  live(2 * minute);
  EXPECT_EQ(place.waiting(), 0);
  EXPECT_EQ(place.get("s").skipped, 2);
  place.complete(jobs[0]);
  live(minute);
  EXPECT_TRUE(place.has_job(job_id("s", midnight + 4 * minute)));
  EXPECT_EQ(place.get("s").runs, 2);
  EXPECT_EQ(one->stats().skipped, 2u);
}

TEST_F(scheduler_rules, runs_may_queue_up) {
  auto spec = place.every("s", minute);
  spec.overlap = overlap_rule::queue;
  place.create(spec);
  live(3 * minute);
  EXPECT_EQ(place.waiting(), 3);
  EXPECT_EQ(place.get("s").runs, 3);
}

TEST_F(scheduler_rules, a_run_may_cancel_the_one_before) {
  auto spec = place.every("s", minute);
  spec.overlap = overlap_rule::cancel_running;
  place.create(spec);
  live(minute);
  const auto jobs = place.claim();
  ASSERT_EQ(jobs.size(), 1u);
  live(minute);
  const std::vector<queue::lease> held{jobs[0].held};
  EXPECT_EQ(place.queue().cancel_requests(held), std::vector<std::string>{jobs[0].held.id});
  EXPECT_EQ(place.waiting(), 1);
  // One that waits is gone at once.
  live(minute);
  EXPECT_EQ(place.waiting(), 1);
  EXPECT_TRUE(place.has_job(job_id("s", midnight + 3 * minute)));
}

TEST_F(scheduler_rules, a_run_that_was_left_out_does_not_count_towards_the_limit) {
  auto spec = place.every("s", minute);
  spec.limit = 2;
  place.create(spec);
  live(minute);
  const auto jobs = place.claim();
  live(2 * minute);
  place.complete(jobs.at(0));
  live(minute);
  const auto now = place.get("s");
  EXPECT_EQ(now.runs, 2);
  EXPECT_TRUE(now.ended());
  place.complete(place.claim().at(0));
  live(5 * minute);
  EXPECT_EQ(place.get("s").runs, 2);
  EXPECT_EQ(place.run(place.book().list("", 10)).value().size(), 1u);
}

TEST_F(scheduler_rules, nothing_runs_before_the_start_or_after_the_end) {
  auto spec = place.every("s", minute);
  spec.overlap = overlap_rule::queue;
  spec.start_at_ms = midnight + 5 * minute + 10 * second;
  spec.end_at_ms = midnight + 8 * minute;
  EXPECT_EQ(place.create(spec).next_run_ms, spec.start_at_ms);
  live(10 * minute);
  EXPECT_EQ(place.waiting(), 3);
  EXPECT_TRUE(place.has_job(job_id("s", midnight + 7 * minute + 10 * second)));
  EXPECT_TRUE(place.get("s").ended());
}

TEST_F(scheduler_rules, its_figures_tell_what_was_late_left_out_and_waits) {
  EXPECT_TRUE(one->stats().leads);
  place.create(place.every("often", minute));
  live(2 * minute);
  EXPECT_EQ(one->stats().runs, 1u);
  EXPECT_EQ(one->stats().skipped, 1u);
  EXPECT_EQ(one->stats().missed, 0u);
  EXPECT_EQ(one->stats().behind_ms, 0);
  place.clock.advance(minute + 20 * second);
  EXPECT_EQ(one->stats().behind_ms, 20 * second);
  pass();
  EXPECT_EQ(one->stats().behind_ms, 0);
  EXPECT_EQ(one->stats().missed, 0u);
  // At 1:03:20 those of 0:04 to 1:02.
  away(hour);
  EXPECT_EQ(one->stats().missed, 59u);
  EXPECT_EQ(one->stats().failed, 0u);
}

TEST_F(scheduler_rules, missed_times_are_counted_as_far_as_the_schedule_goes_and_to_a_bound) {
  auto ends = place.by_cron("ends", "*/10 * * * *");
  ends.missed = missed_rule::once;
  ends.end_at_ms = midnight + hour;
  place.create(ends);
  away(3 * hour);
  EXPECT_EQ(one->stats().missed, 6u);
  place.create(place.every("often", second));
  away(24 * hour);
  EXPECT_EQ(one->stats().missed, 6u + missed_counted_max);
}

TEST_F(scheduler_rules, no_run_depends_on_the_job_of_the_one_before) {
  place.create(place.every("s", minute));
  live(minute);
  store::transaction tx;
  place.queue().stage_cancel(tx, "q", job_id("s", midnight + minute), nullptr).value();
  store::commit_and_wait(place.db(), std::move(tx)).value();
  EXPECT_EQ(place.waiting(), 0);
  live(minute);
  EXPECT_TRUE(place.has_job(job_id("s", midnight + 2 * minute)));
}

TEST_F(scheduler_rules, a_paused_schedule_does_not_run_and_what_it_misses_is_left_out) {
  auto spec = place.every("s", minute);
  spec.missed = missed_rule::once;
  place.create(spec);
  place.run(place.book().pause("s", true)).value();
  live(3 * minute);
  EXPECT_EQ(place.waiting(), 0);
  const auto back = place.run(place.book().pause("s", false)).value();
  EXPECT_EQ(back.next_run_ms, midnight + 4 * minute);
  live(minute);
  EXPECT_EQ(place.waiting(), 1);
}

TEST_F(scheduler_rules, a_clock_that_jumps_makes_nothing_early_and_nothing_twice) {
  auto spec = place.by_cron("s", "30 * * * *");
  spec.overlap = overlap_rule::queue;
  place.create(spec);
  live(31 * minute);
  EXPECT_EQ(place.waiting(), 1);
  // An hour back: what has run does not run again.
  place.clock.set_wall(place.clock.now_ms() - hour);
  pass();
  live(hour + 5 * minute);
  EXPECT_EQ(place.waiting(), 1);
  live(hour);
  EXPECT_EQ(place.waiting(), 2);
  // An hour forward: the run in it was missed, the one after comes at its time.
  place.clock.set_wall(place.clock.now_ms() + hour);
  pass();
  EXPECT_EQ(place.waiting(), 2);
  EXPECT_GT(place.get("s").next_run_ms, place.clock.now_ms());
  const auto before = place.get("s").next_run_ms;
  live(before - place.clock.now_ms() - 1);
  EXPECT_EQ(place.waiting(), 2);
  live(1);
  EXPECT_EQ(place.waiting(), 3);
}

TEST_F(scheduler_rules, an_edit_of_a_schedule_does_not_repeat_a_run_after_a_clock_went_back) {
  auto spec = place.by_cron("s", "30 * * * *");
  spec.overlap = overlap_rule::queue;
  place.create(spec);
  live(31 * minute);
  place.clock.set_wall(place.clock.now_ms() - hour);
  const auto edited = place.run(place.book().replace(spec, std::nullopt)).value();
  EXPECT_EQ(edited.next_run_ms, midnight + hour + 30 * minute);
}

TEST_F(scheduler_rules, a_run_whose_commit_fails_is_tried_again) {
  place.create(place.every("s", minute));
  place.clock.advance(minute);
  place.db().fail_commit(2, error(errc::storage_full, "full"));  // the first is the lease's
  EXPECT_LE(pass(), second);
  EXPECT_EQ(place.waiting(), 0);
  EXPECT_EQ(place.get("s").runs, 0);
  pass();
  EXPECT_EQ(place.waiting(), 1);
  EXPECT_EQ(place.get("s").runs, 1);
}

TEST_F(scheduler_rules, a_run_whose_commit_is_in_doubt_is_not_doubled) {
  auto spec = place.every("s", minute);
  spec.overlap = overlap_rule::queue;
  place.create(spec);
  place.clock.advance(minute);
  place.db().lose_ack(2, error(errc::unavailable, "gone"));
  pass();
  pass();
  // Also when another scheduler finds the schedule: both it and the job have moved on.
  one.reset();
  one = place.new_scheduler();
  live(10 * second);
  EXPECT_EQ(place.waiting(), 1);
  EXPECT_EQ(place.get("s").runs, 1);
}

TEST_F(scheduler_rules, a_job_that_is_there_already_is_not_added_again) {
  auto spec = place.every("s", minute);
  spec.overlap = overlap_rule::queue;
  place.create(spec);
  place.run(place.queue().add({job_of(spec, midnight + minute)})).value();
  live(minute);
  EXPECT_EQ(place.waiting(), 1);
  EXPECT_EQ(place.get("s").next_run_ms, midnight + 2 * minute);
}

TEST_F(scheduler_rules, many_schedules_due_at_once_all_run) {
  for (int i = 0; i < 300; ++i) place.create(place.every("s" + std::to_string(i), minute));
  place.clock.advance(minute);
  pass();
  EXPECT_EQ(place.waiting(), 300);
}

TEST_F(scheduler_rules, a_frequent_schedule_catches_up_within_the_grace) {
  auto spec = place.every("s", second);
  spec.overlap = overlap_rule::queue;
  place.create(spec);
  away(10 * second);
  EXPECT_EQ(place.waiting(), 10);
}

// With its thread: it runs what is due without being asked, and an edit reaches it at once.
TEST(scheduler_thread, an_edit_takes_effect_while_it_runs) {
  struct seen {
    std::mutex mutex;
    std::condition_variable changed;
    int added = 0;
  } jobs;
  schedule_place place;
  const auto listening = place.queue().subscribe([&](const job_event& e) {
    if (e.type != event_type::added) return;
    const std::lock_guard lock(jobs.mutex);
    ++jobs.added;
    jobs.changed.notify_all();
  });
  const auto wait_for = [&](int n) {
    std::unique_lock lock(jobs.mutex);
    return jobs.changed.wait_for(lock, std::chrono::seconds(60), [&] { return jobs.added >= n; });
  };
  auto runner = place.new_scheduler();
  schedules book(place.db(), place.queue(), place.clock, [&] { runner->wake(); });
  runner->start();
  auto spec = place.every("s", hour);
  spec.overlap = overlap_rule::queue;
  place.run(book.create(spec)).value();
  place.clock.advance(hour);
  // The thread waits for real time, of which none need pass: a change wakes it.
  spec.data = "[1]";
  EXPECT_TRUE(place.run(book.replace(spec, 1)).has_value());
  spec.every_ms = second;
  place.run(book.replace(spec, std::nullopt)).value();
  place.clock.advance(second);
  place.run(book.pause("other", true));
  runner->wake();
  EXPECT_TRUE(wait_for(1));
  runner->stop();
  runner->stop();
  EXPECT_FALSE(runner->stats().leads);
}

}  // namespace
}  // namespace son1k::queue::test
