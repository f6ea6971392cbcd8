// What a run may do under its lease, and what becomes of one that loses it or does not stop.
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

TEST(worker, a_lost_lease_stops_the_run_and_writes_nothing) {
  worker_bench bench;
  bench.settings.lease_ms = 30;
  bench.settings.recover_every_ms = 60'000;
  watched<stop_reason> why;
  auto kind = bench.kind("hang", [&](job_context& context) -> asio::awaitable<outcome> {
    co_await context.sleep(3'600'000);
    auto kept = co_await context.checkpoint("[1]");
    if (kept) throw std::logic_error("a late write was taken");
    why.change([&](stop_reason& r) { r = context.why_stopped(); });
    co_return outcome::complete("{}");
  });
  bench.start();
  const std::string id = bench.add("hang");
  ASSERT_TRUE(bench.wait_event(event_type::active));
  bench.queue.take_over("q", id);
  ASSERT_TRUE(why.wait([](stop_reason r) { return r == stop_reason::lease_lost; }));
  bench.worker->stop();
  EXPECT_EQ(bench.queue.seen().finishes, 0);
  EXPECT_EQ(bench.view(id).state, job_state::active) << "it is the newer start's";
  EXPECT_EQ(kind->settled.get().size(), 0U);
  EXPECT_EQ(bench.worker->stats().leases_lost, 1U);
}

TEST(worker, leases_are_renewed_while_loop_and_compute_threads_are_blocked) {
  worker_bench bench;
  bench.settings.lease_ms = 30;
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  auto block = [&] {
    std::unique_lock lock(mutex);
    opened.wait(lock, [&] { return open; });
  };
  bench.kind("compute", [&](job_context& context) -> asio::awaitable<outcome> {
    std::function<void()> work = block;
    co_await context.offload(std::move(work));
    co_return outcome::complete("{}");
  });
  bench.kind("loop", [&](job_context&) -> asio::awaitable<outcome> {
    block();
    co_return outcome::complete("{}");
  });
  bench.start();
  bench.add("compute");
  ASSERT_TRUE(bench.wait_event(event_type::active));
  bench.add("loop");
  ASSERT_TRUE(bench.wait_event(event_type::active, 2));
  const int before = bench.queue.seen().renewals;
  EXPECT_TRUE(bench.queue.wait_for([&](const auto& t) { return t.renewals >= before + 5; }));
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  opened.notify_all();
  EXPECT_TRUE(bench.wait_event(event_type::completed, 2));
}

TEST(worker, progress_goes_through_and_never_back) {
  worker_bench bench;
  bench.kind("steps", [](job_context& context) -> asio::awaitable<outcome> {
    for (const int percent : {10, 10, 5, 250, -3}) context.progress(percent, "at work");
    context.log("one line");
    co_return outcome::complete("{}");
  });
  bench.start();
  const std::string id = bench.add("steps");
  ASSERT_TRUE(bench.wait_event(event_type::completed));
  EXPECT_EQ(bench.queue.seen().events[event_type::progress], 2);
  EXPECT_EQ(bench.view(id).progress.percent, 100);
  EXPECT_EQ(bench.view(id).logs, (std::vector<std::string>{"one line"}));
}

TEST(worker, commit_stands_under_the_fence_of_the_run) {
  worker_bench bench;
  watched<std::vector<std::string>> outcomes;
  bench.settings.recover_every_ms = 60'000;
  bench.kind("writes", [&](job_context& context) -> asio::awaitable<outcome> {
    for (int i = 0; i < 2; ++i) {
      store::transaction tx;
      tx.stage([](store::connection&) { return result<void>{}; });
      result<void> done = co_await context.commit(std::move(tx));
      std::string said = done ? "ok" : std::string(name_of(done.error().code));
      outcomes.change([&](auto& all) { all.push_back(said); });
      bench.queue.take_over("q", context.job().held.id);
    }
    co_return outcome::complete("{}");
  });
  bench.start();
  bench.add("writes");
  ASSERT_TRUE(outcomes.wait([](const auto& all) { return all.size() == 2; }));
  bench.worker->stop();
  EXPECT_EQ(outcomes.get(), (std::vector<std::string>{"ok", "lease_lost"}));
}

TEST(worker, a_run_that_ignores_its_stop_token_loses_its_slot) {
  worker_bench bench;
  gate door;
  bench.settings.concurrency = 1;
  bench.settings.stop_grace_ms = 10;
  bench.kind("deaf", [&](job_context& context) -> asio::awaitable<outcome> {
    co_await door.pass();
    context.progress(50, "too late");  // reaches nothing any more
    co_return outcome::complete("{}");
  });
  bench.kind("next", [](job_context&) { return complete(); });
  bench.start();
  const std::string id = bench.add("deaf");
  ASSERT_TRUE(bench.wait_event(event_type::active));
  bench.cancel(id);
  ASSERT_TRUE(bench.wait_event(event_type::cancelled));
  EXPECT_EQ(bench.worker->stats().abandoned, 1U);
  bench.add("next");
  ASSERT_TRUE(bench.wait_event(event_type::completed)) << "the slot must have been replaced";
  door.open();
  bench.worker->stop();
  EXPECT_EQ(bench.worker->stats().abandoned, 0U);
  EXPECT_EQ(bench.queue.seen().events[event_type::progress], 0);
}

TEST(worker, a_run_over_its_time_that_ignores_its_stop_token_ends_as_timed_out) {
  worker_bench bench;
  gate door;
  bench.settings.stop_grace_ms = 10;
  bench.kind("deaf", [&](job_context&) -> asio::awaitable<outcome> {
    co_await door.pass();
    co_return outcome::complete("{}");
  });
  job_options options = quick_retries(1);
  options.timeout_ms = 5;
  bench.start();
  const std::string id = bench.add("deaf", options);
  ASSERT_TRUE(bench.wait_event(event_type::failed));
  EXPECT_EQ(bench.view(id).error->code, "timeout");
  door.open();
  bench.worker->stop();
  EXPECT_EQ(bench.view(id).state, job_state::failed);
}

TEST(worker, offloaded_work_runs_on_another_thread_and_its_exceptions_come_back) {
  worker_bench bench;
  bench.kind("heavy", [](job_context& context) -> asio::awaitable<outcome> {
    const auto loop = std::this_thread::get_id();
    auto there = std::make_shared<std::thread::id>();
    std::function<void()> work = [there] { *there = std::this_thread::get_id(); };
    co_await context.offload(std::move(work));
    if (*there == loop) co_return outcome::fail({"same", "the same thread", false});
    if (std::this_thread::get_id() != loop) co_return outcome::fail({"moved", "moved", false});
    std::function<void()> bad = [] { throw std::runtime_error("from the pool"); };
    co_await context.offload(std::move(bad));
    co_return outcome::complete("{}");
  });
  bench.start();
  const std::string id = bench.add("heavy", quick_retries(1));
  ASSERT_TRUE(bench.wait_event(event_type::failed));
  EXPECT_EQ(bench.view(id).error->message, "from the pool");
}

}  // namespace
}  // namespace son1k::queue
