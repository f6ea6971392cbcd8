// The worker over the embedded queue and a real SQLite file: the same code that serves jobs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <thread>

#include "queue/embedded/embedded_queue.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/queue/worker_harness.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue {
namespace {

namespace asio = boost::asio;
using son1k::test::closure_kind;
using son1k::test::gate;
using son1k::test::watched;

class worker_embedded : public testing::Test {
 protected:
  void SetUp() override {
    store::sqlite_settings file;
    file.file = folder_ / "q.db";
    db_ = store::open_sqlite(file).value();
    ASSERT_TRUE(db_->migrate());
    queue_ = make_embedded_queue(*db_, {}, system_clock());
    listening_ = queue_->subscribe([this](const job_event& event) {
      seen_.change([&](auto& counts) { ++counts[event.type]; });
    });
  }
  void TearDown() override {
    worker_.reset();
    listening_.reset();
    queue_->stop();
    db_->stop();
  }
  void run(closure_kind::body body) {
    kind_ = std::make_shared<closure_kind>("k", std::move(body));
    begin();
  }
  void begin() {
    worker_settings settings;
    settings.queues = {"q"};
    settings.name = "tester";
    settings.cancel_poll_ms = 5;
    settings.beat_every_ms = 1;
    settings.compute_threads = 1;
    settings.version = "7.0";
    worker_ = std::make_unique<worker>(*queue_, *db_, std::vector<std::shared_ptr<job_kind>>{kind_},
                                       settings);
    ASSERT_TRUE(worker_->start());
  }
  std::string add(std::int32_t attempts = 3) {
    job_spec spec;
    spec.queue = "q";
    spec.kind = "k";
    spec.options.attempts = attempts;
    spec.options.backoff = {backoff_kind::fixed, 1, 0.0};
    store::transaction tx;
    const std::string id = queue_->stage(tx, spec).value().id;
    store::commit_and_wait(*db_, std::move(tx)).value();
    return id;
  }
  bool wait(event_type type, int count = 1) {
    return seen_.wait([&](const auto& counts) {
      const auto found = counts.find(type);
      return found != counts.end() && found->second >= count;
    });
  }

  // What the queue knows of the worker, once that holds; a minute at most.
  template <class Holds>
  bool wait_facts(Holds holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < until) {
      const auto all = queue_->workers();
      if (!all.empty() && holds(all.front())) return true;
      std::this_thread::yield();
    }
    return false;
  }

  son1k::test::temp_folder folder_;
  std::unique_ptr<store::database> db_;
  std::unique_ptr<queue_port> queue_;
  std::shared_ptr<void> listening_;
  watched<std::map<event_type, int>> seen_;
  std::shared_ptr<closure_kind> kind_;
  std::unique_ptr<worker> worker_;
};

TEST_F(worker_embedded, every_job_completes_once_and_settles_once) {
  std::atomic<int> runs{0};
  run([&](job_context&) -> asio::awaitable<outcome> {
    ++runs;
    co_return outcome::complete("{}");
  });
  for (int i = 0; i < 200; ++i) add();
  ASSERT_TRUE(wait(event_type::completed, 200));
  worker_->stop();
  EXPECT_EQ(runs, 200);
  EXPECT_EQ(kind_->settled.get().size(), 200U);
  EXPECT_EQ(worker_->stats().ended, 200U);
  EXPECT_EQ(queue_->counts("q").value().active, 0);
}

TEST_F(worker_embedded, a_cancel_stops_a_running_job_for_good) {
  watched<bool> entered;
  run([&](job_context& context) -> asio::awaitable<outcome> {
    entered.change([](bool& in) { in = true; });
    co_await context.sleep(3'600'000);
    co_return outcome::complete("{}");
  });
  const std::string id = add();
  ASSERT_TRUE(entered.wait([](bool in) { return in; }));
  store::transaction tx;
  ASSERT_TRUE(queue_->stage_cancel(tx, "q", id, nullptr));
  ASSERT_TRUE(store::commit_and_wait(*db_, std::move(tx)));
  ASSERT_TRUE(wait(event_type::cancelled));
  ASSERT_EQ(kind_->settled.get().size(), 1U);
  EXPECT_EQ(kind_->settled.get()[0].error->code, "cancelled");
}

TEST_F(worker_embedded, a_retry_gets_the_checkpoint) {
  watched<std::vector<std::string>> seen;
  run([&](job_context& context) -> asio::awaitable<outcome> {
    seen.change([&](auto& all) { all.push_back(context.job().checkpoint); });
    if (context.attempt() == 2) co_return outcome::complete("{}");
    result<void> kept = co_await context.checkpoint(R"({"at":1})");
    if (!kept) throw std::runtime_error("no checkpoint");
    co_return outcome::fail({"flaky", "again", true});
  });
  add();
  ASSERT_TRUE(wait(event_type::completed));
  EXPECT_EQ(seen.get(), (std::vector<std::string>{"", R"({"at":1})"}));
}

TEST_F(worker_embedded, a_drained_worker_hands_back_and_the_next_one_runs_it) {
  watched<int> starts;
  run([&](job_context& context) -> asio::awaitable<outcome> {
    starts.change([](int& n) { ++n; });
    if (context.job().held.fence == 1) {
      co_await context.sleep(3'600'000);
      co_return outcome::release();
    }
    co_return outcome::complete("{}");
  });
  add(1);
  ASSERT_TRUE(starts.wait([](int n) { return n == 1; }));
  worker_->stop_within(0);
  EXPECT_EQ(queue_->counts("q").value().waiting, 1);
  begin();
  ASSERT_TRUE(wait(event_type::completed));
}

TEST_F(worker_embedded, says_what_it_is_and_how_busy) {
  gate door;
  run([&](job_context&) -> asio::awaitable<outcome> {
    co_await door.pass();
    co_return outcome::complete("{}");
  });
  add();
  ASSERT_TRUE(wait_facts([](const worker_facts& w) { return w.busy == 1; }));
  const worker_facts facts = queue_->workers().front();
  EXPECT_EQ(facts.name, "tester");
  EXPECT_EQ(facts.version, "7.0");
  EXPECT_EQ(facts.pid, getpid());
  EXPECT_EQ(facts.queues, std::vector<std::string>{"q"});
  EXPECT_EQ(facts.slots, 50);
  EXPECT_GT(facts.rss_bytes, 0);
  EXPECT_FALSE(facts.host.empty());
  door.open();
  ASSERT_TRUE(wait_facts([](const worker_facts& w) { return w.busy == 0; }));
  worker_->stop();
  EXPECT_TRUE(queue_->workers().empty()) << "a worker that has ended leaves";
}

TEST_F(worker_embedded, a_paused_one_claims_nothing_until_it_is_resumed) {
  run([](job_context&) -> asio::awaitable<outcome> { co_return outcome::complete("{}"); });
  ASSERT_TRUE(wait_facts([](const worker_facts&) { return true; }));
  ASSERT_TRUE(queue_->order("tester", {true, false}));
  ASSERT_TRUE(wait_facts([](const worker_facts& w) { return w.paused; }));
  add();
  // Many beats later it still waits: had the worker claimed it, it would have run by then.
  for (int n = 0; n < 3; ++n) {
    const auto seen = queue_->workers().front().seen_at_ms;
    ASSERT_TRUE(wait_facts([&](const worker_facts& w) { return w.seen_at_ms > seen + 20; }));
  }
  EXPECT_EQ(queue_->counts("q")->waiting, 1);
  ASSERT_TRUE(queue_->order("tester", {false, false}));
  ASSERT_TRUE(wait(event_type::completed));
}

TEST_F(worker_embedded, one_that_is_ordered_to_drain_ends_what_it_runs_and_leaves) {
  gate door;
  watched<bool> entered;
  run([&](job_context&) -> asio::awaitable<outcome> {
    entered.change([](bool& in) { in = true; });
    co_await door.pass();
    co_return outcome::complete("{}");
  });
  add();
  ASSERT_TRUE(entered.wait([](bool in) { return in; }));
  // A run may begin before its worker's first beat.
  ASSERT_TRUE(wait_facts([](const worker_facts&) { return true; }));
  ASSERT_TRUE(queue_->order("tester", {false, true}));
  ASSERT_TRUE(wait_facts([](const worker_facts& w) { return w.draining; }));
  door.open();
  ASSERT_TRUE(wait(event_type::completed));
  worker_->stop();
  EXPECT_FALSE(worker_->running());
  EXPECT_TRUE(queue_->workers().empty());
}

TEST_F(worker_embedded, domain_writes_of_a_run_stand_under_its_fence) {
  watched<std::vector<bool>> done;
  run([&](job_context& context) -> asio::awaitable<outcome> {
    store::transaction tx;
    tx.stage([](store::connection&) { return result<void>{}; });
    result<void> kept = co_await context.commit(std::move(tx));
    done.change([&](auto& all) { all.push_back(kept.has_value()); });
    co_return outcome::complete("{}");
  });
  add();
  ASSERT_TRUE(wait(event_type::completed));
  EXPECT_EQ(done.get(), std::vector<bool>{true});
}

}  // namespace
}  // namespace son1k::queue
