// How a worker begins and ends: settings, draining, handing back.
#include <gtest/gtest.h>

#include <thread>

#include "queue/compute_pool.hpp"
#include "support/queue/worker_harness.hpp"

namespace son1k::queue {
namespace {

namespace asio = boost::asio;
using son1k::test::gate;
using son1k::test::watched;
using son1k::test::worker_bench;

TEST(worker_stop, running_jobs_end_and_no_other_is_claimed) {
  worker_bench bench;
  gate door;
  watched<bool> entered;
  bench.settings.concurrency = 1;
  bench.kind("k", [&](job_context&) -> asio::awaitable<outcome> {
    entered.change([](bool& in) { in = true; });
    co_await door.pass();
    co_return outcome::complete("{}");
  });
  bench.start();
  const std::string running = bench.add("k");
  ASSERT_TRUE(entered.wait([](bool in) { return in; }));
  const std::string waiting = bench.add("k");
  std::thread stopper([&] { bench.worker->stop(); });
  ASSERT_TRUE(bench.queue.wait_for([](const auto& t) { return t.waits_ended > 0; }));
  door.open();
  stopper.join();
  EXPECT_EQ(bench.view(running).state, job_state::completed);
  EXPECT_EQ(bench.view(waiting).state, job_state::waiting);
  EXPECT_FALSE(bench.worker->running());
}

TEST(worker_stop, after_the_grace_a_run_is_told_and_its_job_handed_back) {
  worker_bench bench;
  watched<stop_reason> why;
  watched<bool> entered;
  auto kind = bench.kind("hang", [&](job_context& context) -> asio::awaitable<outcome> {
    entered.change([](bool& in) { in = true; });
    co_await context.sleep(3'600'000);
    why.change([&](stop_reason& r) { r = context.why_stopped(); });
    co_return outcome::fail({"stopped", "asked to stop", true});
  });
  bench.start();
  const std::string id = bench.add("hang");
  ASSERT_TRUE(entered.wait([](bool in) { return in; }));
  bench.worker->stop_within(0);
  EXPECT_EQ(why.get(), stop_reason::shutting_down);
  EXPECT_EQ(bench.view(id).state, job_state::waiting);
  EXPECT_EQ(bench.view(id).attempts_made, 0) << "a hand-back spends no attempt";
  EXPECT_TRUE(kind->settled.get().empty());
}

TEST(worker_stop, a_run_deaf_to_its_stop_token_is_handed_back_all_the_same) {
  worker_bench bench;
  gate door;
  bench.settings.stop_grace_ms = 10;
  watched<bool> entered;
  bench.kind("deaf", [&](job_context&) -> asio::awaitable<outcome> {
    entered.change([](bool& in) { in = true; });
    co_await door.pass();
    co_return outcome::complete("{}");
  });
  bench.start();
  const std::string id = bench.add("deaf");
  ASSERT_TRUE(entered.wait([](bool in) { return in; }));
  bench.worker->stop_within(0);
  EXPECT_EQ(bench.view(id).state, job_state::waiting);
  EXPECT_EQ(bench.worker->stats().abandoned, 1U);
}

TEST(worker_stop, another_worker_starts_what_was_handed_back) {
  worker_bench bench;
  watched<int> starts;
  bench.kind("k", [&](job_context& context) -> asio::awaitable<outcome> {
    starts.change([](int& n) { ++n; });
    if (context.job().held.fence == 1) {
      co_await context.sleep(3'600'000);
      co_return outcome::release();
    }
    co_return outcome::complete("{}");
  });
  bench.start();
  const std::string id = bench.add("k");
  ASSERT_TRUE(starts.wait([](int n) { return n == 1; }));
  bench.worker->stop_within(0);
  bench.start();
  ASSERT_TRUE(bench.wait_event(event_type::completed));
  EXPECT_EQ(bench.view(id).starts, 2);
}

TEST(worker_stop, is_repeatable_and_all_callers_wait) {
  worker_bench bench;
  bench.kind("k", [](job_context& context) -> asio::awaitable<outcome> {
    co_await context.sleep(3'600'000);
    co_return outcome::release();
  });
  bench.start();
  bench.add("k");
  ASSERT_TRUE(bench.wait_event(event_type::active));
  std::vector<std::thread> callers;
  std::atomic<int> early{0};
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      bench.worker->stop_within(1);
      if (bench.worker->running()) ++early;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(early, 0);
  bench.worker->stop();
  EXPECT_EQ(bench.worker->start().error().code, errc::conflict);
}

TEST(worker_stop, without_a_start_is_nothing) {
  worker_bench bench;
  worker idle(bench.queue, bench.db, {}, bench.settings);
  idle.stop();
  EXPECT_FALSE(idle.running());
}

TEST(worker_start, refuses_settings_out_of_range_and_names_them) {
  worker_bench bench;
  struct row {
    const char* field;
    std::function<void(worker_settings&)> spoil;
  };
  const row rows[] = {
      {"queues", [](worker_settings& s) { s.queues.clear(); }},
      {"queues",
       [](worker_settings& s) {
         s.queues = {"q", "q"};
       }},
      {"concurrency", [](worker_settings& s) { s.concurrency = 0; }},
      {"concurrency", [](worker_settings& s) { s.concurrency = 10'001; }},
      {"limiter.max",
       [](worker_settings& s) {
         s.limiter = rate_limit{0, 10};
       }},
      {"limiter.per_ms",
       [](worker_settings& s) {
         s.limiter = rate_limit{1, 0};
       }},
      {"lease_ms", [](worker_settings& s) { s.lease_ms = 1; }},
      {"drain_grace_ms", [](worker_settings& s) { s.drain_grace_ms = -1; }},
  };
  for (const row& r : rows) {
    worker_settings settings = bench.settings;
    r.spoil(settings);
    worker spoiled(bench.queue, bench.db, {}, settings);
    const auto refused = spoiled.start();
    ASSERT_FALSE(refused) << r.field;
    EXPECT_EQ(refused.error().code, errc::validation);
    EXPECT_EQ(refused.error().field, r.field);
  }
}

TEST(worker_start, refuses_two_kinds_of_one_name) {
  worker_bench bench;
  auto none = [](job_context&) -> asio::awaitable<outcome> { co_return outcome::release(); };
  bench.kind("k", none);
  bench.kind("k", none);
  worker twice(bench.queue, bench.db, bench.kinds, bench.settings);
  EXPECT_EQ(twice.start().error().field, "kinds");
}

TEST(compute_pool, refuses_work_beyond_its_bound_and_after_stop) {
  compute_pool pool(1, 2);
  std::mutex blocked;
  watched<int> begun;
  std::unique_lock hold(blocked);
  auto work = [&] {
    begun.change([](int& n) { ++n; });
    const std::lock_guard lock(blocked);
  };
  ASSERT_TRUE(pool.submit(work));
  ASSERT_TRUE(begun.wait([](int n) { return n == 1; }));
  ASSERT_TRUE(pool.submit(work));
  ASSERT_TRUE(pool.submit(work));
  EXPECT_EQ(pool.submit(work).error().code, errc::unavailable);
  hold.unlock();
  pool.stop();
  EXPECT_EQ(begun.get(), 3) << "what was queued is finished";
  EXPECT_EQ(pool.submit(work).error().code, errc::unavailable);
}

TEST(compute_pool, stop_within_gives_up_on_work_that_does_not_end) {
  compute_pool pool(1);
  std::mutex blocked;
  watched<int> begun;
  {
    const std::lock_guard hold(blocked);
    ASSERT_TRUE(pool.submit([&] {
      begun.change([](int& n) { ++n; });
      const std::lock_guard lock(blocked);
    }));
    ASSERT_TRUE(begun.wait([](int n) { return n == 1; }));
    EXPECT_FALSE(pool.stop_within(5));
  }
  EXPECT_TRUE(pool.stop_within(10'000));
}

}  // namespace
}  // namespace son1k::queue
