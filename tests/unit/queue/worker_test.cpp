// The worker's rules over the memory queue: what runs, how often, and how it ends.
#include <gtest/gtest.h>

#include "support/queue/worker_harness.hpp"

namespace son1k::queue {
namespace {

namespace asio = boost::asio;
using son1k::test::complete;
using son1k::test::gate;
using son1k::test::quick_retries;
using son1k::test::watched;
using son1k::test::worker_bench;

TEST(worker, a_job_runs_and_its_result_is_on_record) {
  worker_bench bench;
  bench.kind("sum", [](job_context& context) -> asio::awaitable<outcome> {
    co_return outcome::complete(context.job().data + "!");
  });
  bench.start();
  const std::string id = bench.add("sum", {}, "[1,2]");
  ASSERT_TRUE(bench.wait_event(event_type::completed));
  EXPECT_EQ(bench.view(id).result, "[1,2]!");
  EXPECT_EQ(bench.view(id).attempts_made, 1);
}

TEST(worker, never_runs_more_than_its_concurrency) {
  worker_bench bench;
  struct counts {
    int inside = 0, most = 0;
  };
  watched<counts> seen;
  gate door;
  bench.kind("slow", [&](job_context&) -> asio::awaitable<outcome> {
    seen.change([](counts& c) { c.most = std::max(c.most, ++c.inside); });
    co_await door.pass();
    seen.change([](counts& c) { --c.inside; });
    co_return outcome::complete("{}");
  });
  bench.settings.concurrency = 3;
  for (int i = 0; i < 20; ++i) bench.add("slow");
  bench.start();
  ASSERT_TRUE(seen.wait([](const counts& c) { return c.inside == 3; }));
  EXPECT_EQ(bench.worker->stats().running, 3U);
  door.open();
  ASSERT_TRUE(bench.wait_event(event_type::completed, 20));
  EXPECT_EQ(seen.get().most, 3);
}

TEST(worker, claims_no_more_than_it_can_run_while_runs_outlast_the_window) {
  worker_bench bench;
  watched<int> started;
  gate first_door, second_door;
  bench.kind("long", [&](job_context&) -> asio::awaitable<outcome> {
    int turn = 0;
    started.change([&](int& n) { turn = ++n; });
    co_await (turn <= 3 ? first_door : second_door).pass();
    co_return outcome::complete("{}");
  });
  bench.settings.concurrency = 3;
  for (int i = 0; i < 20; ++i) bench.add("long");
  bench.start();
  ASSERT_TRUE(started.wait([](int n) { return n == 3; }));
  first_door.open();
  ASSERT_TRUE(bench.wait_event(event_type::completed, 3));
  ASSERT_TRUE(started.wait([](int n) { return n == 6; }));
  EXPECT_EQ(bench.queue.counts("q")->active, 3);
  second_door.open();
  ASSERT_TRUE(bench.wait_event(event_type::completed, 20));
}

TEST(worker, freed_slots_are_claimed_for_with_the_ends_where_the_queue_is_distant) {
  for (const bool distant : {true, false}) {
    worker_bench bench;
    if (distant) bench.queue.set_distant();
    watched<int> started;
    gate first_door, second_door;
    bench.kind("long", [&](job_context&) -> asio::awaitable<outcome> {
      int turn = 0;
      started.change([&](int& n) { turn = ++n; });
      co_await (turn <= 40 ? first_door : second_door).pass();
      co_return outcome::complete("{}");
    });
    bench.settings.concurrency = 4;
    bench.settings.claim_ahead_ms = 0;
    for (int i = 0; i < 60; ++i) bench.add("long");
    bench.start();
    ASSERT_TRUE(started.wait([](int n) { return n == 4; }));
    first_door.open();
    ASSERT_TRUE(bench.wait_event(event_type::completed, 40));
    ASSERT_TRUE(started.wait([](int n) { return n == 44; }));
    // No slot was claimed for twice.
    EXPECT_EQ(bench.queue.counts("q")->active, 4);
    if (distant) {
      EXPECT_GE(bench.queue.seen().claims_with_ends, 10);
    } else {
      EXPECT_EQ(bench.queue.seen().claims_with_ends, 0);
    }
    second_door.open();
    ASSERT_TRUE(bench.wait_event(event_type::completed, 60));
    bench.add("long");
    ASSERT_TRUE(bench.wait_event(event_type::completed, 61));
  }
}

TEST(worker, serves_several_queues_within_one_bound) {
  worker_bench bench;
  bench.settings.queues = {"a", "b", "q"};
  bench.settings.concurrency = 4;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  bench.kind("k", [&](job_context& context) -> asio::awaitable<outcome> {
    most = std::max(most.load(), ++inside);
    co_await context.sleep(1);
    --inside;
    co_return outcome::complete("{}");
  });
  for (int i = 0; i < 60; ++i) {
    job_spec spec;
    spec.queue = bench.settings.queues[static_cast<std::size_t>(i % 3)];
    spec.kind = "k";
    store::transaction tx;
    ASSERT_TRUE(bench.queue.stage(tx, spec));
    ASSERT_TRUE(store::commit_and_wait(bench.db, std::move(tx)));
  }
  bench.start();
  ASSERT_TRUE(bench.wait_event(event_type::completed, 60));
  EXPECT_LE(most, 4);
  EXPECT_GE(most, 2);
}

TEST(worker, runs_that_end_together_are_written_together) {
  worker_bench bench;
  bench.kind("no-op", [](job_context&) { return complete(); });
  bench.settings.concurrency = 16;
  for (int i = 0; i < 64; ++i) bench.add("no-op");
  bench.start();
  ASSERT_TRUE(bench.wait_event(event_type::completed, 64));
  EXPECT_GE(bench.queue.seen().finish_batch_max, 8U);
}

TEST(worker, starts_no_more_in_a_window_than_the_limiter_allows) {
  son1k::test::asked_clock clock;
  worker_bench bench(clock);
  std::atomic<int> starts{0};
  bench.kind("k", [&](job_context&) {
    ++starts;
    return complete();
  });
  bench.settings.limiter = rate_limit{2, 20};
  bench.settings.concurrency = 10;
  for (int i = 0; i < 5; ++i) bench.add("k");
  bench.start();
  for (const int allowed : {2, 4, 5}) {
    ASSERT_TRUE(bench.wait_event(event_type::completed, allowed));
    // The clock stands still: however often the worker asks, nothing more may start.
    ASSERT_TRUE(allowed == 5 || clock.wait_reads(6));
    EXPECT_EQ(starts, allowed);
    clock.advance(20);
  }
}

TEST(worker, a_cancel_reaches_a_running_job) {
  worker_bench bench;
  watched<stop_reason> why;
  watched<bool> inside;
  auto kind = bench.kind("hang", [&](job_context& context) -> asio::awaitable<outcome> {
    inside.change([](bool& now) { now = true; });
    co_await context.sleep(3'600'000);
    why.change([&](stop_reason& r) { r = context.why_stopped(); });
    co_return outcome::complete("{}");  // a cancel stands all the same
  });
  bench.start();
  const std::string id = bench.add("hang");
  // A cancel that comes before the run has begun ends the job without one.
  ASSERT_TRUE(inside.wait([](bool now) { return now; }));
  bench.cancel(id);
  ASSERT_TRUE(bench.wait_event(event_type::cancelled));
  EXPECT_EQ(why.get(), stop_reason::cancelled);
  EXPECT_EQ(bench.view(id).error->code, "cancelled");
  ASSERT_EQ(kind->settled.get().size(), 1U);
  EXPECT_EQ(kind->settled.get()[0].state, job_state::failed);
}

TEST(worker, a_run_over_its_time_fails_with_timeout_and_is_retried) {
  worker_bench bench;
  watched<std::vector<int>> attempts;
  bench.kind("late", [&](job_context& context) -> asio::awaitable<outcome> {
    attempts.change([&](auto& all) { all.push_back(context.attempt()); });
    co_await context.sleep(3'600'000);
    co_return outcome::fail({"stopped", "as asked", false});
  });
  job_options options = quick_retries(2);
  options.timeout_ms = 5;
  bench.start();
  const std::string id = bench.add("late", options);
  ASSERT_TRUE(bench.wait_event(event_type::failed));
  EXPECT_EQ(attempts.get(), (std::vector<int>{1, 2}));
  EXPECT_EQ(bench.view(id).error->code, "timeout");
}

TEST(worker, retries_pass_the_attempt_and_the_checkpoint_on) {
  worker_bench bench;
  watched<std::vector<std::string>> seen;
  auto kind = bench.kind("steps", [&](job_context& context) -> asio::awaitable<outcome> {
    std::string line = std::to_string(context.attempt()) + ":" + context.job().checkpoint;
    seen.change([&](auto& all) { all.push_back(line); });
    if (context.attempt() == 3) co_return outcome::complete("{}");
    std::string at = "[" + std::to_string(context.attempt()) + "]";
    auto kept = co_await context.checkpoint(std::move(at));
    if (!kept) throw std::runtime_error("no checkpoint");
    co_return outcome::fail({"flaky", "not yet", true});
  });
  bench.start();
  bench.add("steps", quick_retries(3));
  ASSERT_TRUE(bench.wait_event(event_type::completed));
  EXPECT_EQ(seen.get(), (std::vector<std::string>{"1:", "2:[1]", "3:[2]"}));
  EXPECT_EQ(bench.queue.seen().events[event_type::delayed], 2);
  EXPECT_EQ(kind->settled.get().size(), 1U) << "only the end settles, no retry does";
}

TEST(worker, what_escapes_a_run_becomes_its_failure) {
  worker_bench bench;
  bench.kind("throws", [](job_context& context) -> asio::awaitable<outcome> {
    co_await context.sleep(1);
    throw std::runtime_error("the wheel came off");
  });
  bench.kind("throws-early", [](job_context&) -> asio::awaitable<outcome> { throw 7; });
  bench.start();
  const std::string id = bench.add("throws", quick_retries(1));
  const std::string early = bench.add("throws-early", quick_retries(1));
  ASSERT_TRUE(bench.wait_event(event_type::failed, 2));
  EXPECT_EQ(bench.view(id).error->message, "the wheel came off");
  EXPECT_EQ(bench.view(id).error->code, "exception");
  EXPECT_EQ(bench.view(early).error->code, "exception");
}

TEST(worker, an_unknown_kind_fails_for_good) {
  worker_bench bench;
  bench.start();
  const std::string id = bench.add("nobody", quick_retries(5));
  ASSERT_TRUE(bench.wait_event(event_type::failed));
  EXPECT_EQ(bench.view(id).error->code, "unknown_kind");
  EXPECT_NE(bench.view(id).error->message.find("nobody"), std::string::npos);
  EXPECT_EQ(bench.queue.seen().events[event_type::delayed], 0);
}

TEST(worker, a_verdict_ends_the_job_without_a_run_and_settles_it) {
  son1k::test::asked_clock clock;
  worker_bench bench(clock);
  std::atomic<int> runs{0};
  auto kind = bench.kind("k", [&](job_context&) {
    ++runs;
    return complete();
  });
  job_options options;
  options.expires_in_ms = 100;
  const std::string id = bench.add("k", options);
  clock.advance(101);
  bench.start();
  ASSERT_TRUE(bench.wait_event(event_type::failed));
  EXPECT_EQ(bench.view(id).error->code, "expired");
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(kind->settled.get().size(), 1U);
}

TEST(worker, an_end_that_could_not_be_written_is_written_again) {
  worker_bench bench;
  std::atomic<int> runs{0};
  auto kind = bench.kind("k", [&](job_context&) {
    ++runs;
    return complete();
  });
  bench.queue.fail_finishes(2);
  bench.start();
  const std::string id = bench.add("k");
  ASSERT_TRUE(bench.wait_event(event_type::completed));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(bench.queue.seen().finishes, 3);
  EXPECT_EQ(kind->settled.get().size(), 1U);
}

}  // namespace
}  // namespace son1k::queue
