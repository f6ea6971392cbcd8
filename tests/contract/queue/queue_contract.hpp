// One suite for every implementation of the `queue` port: each says how to make one over a fresh
// place and how to open the same place again. A suite's name ends with the key of the row of
// docs/queue.md that it covers; tests/unit/tools/test_queue_rows.py holds the two together.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "queue/queue.hpp"
#include "store/async.hpp"
#include "support/faulty_database.hpp"
#include "support/manual_clock.hpp"

namespace son1k::queue::test {

// A backend on a fresh place, torn down with it.
class backend {
 public:
  virtual ~backend() = default;
  virtual queue_port& port() = 0;
  virtual son1k::test::faulty_database& db() = 0;
  virtual son1k::test::manual_clock& clock() = 0;
  // The process dies and another one opens the same place.
  virtual void reopen() = 0;
  // The next change is refused with `why` by what stores it, and has no effect.
  virtual void refuse_next(error why) { db().fail_commit(1, std::move(why)); }
  // Whether events of before reopen() are still told.
  virtual bool keeps_events() const { return false; }
  // The number of rows of the table `effect` that domain writes of the tests go to.
  virtual std::int64_t effects() = 0;
};

struct backend_entry {
  std::string name;
  std::function<std::unique_ptr<backend>()> make;
};

// So that listings of the cases show a name and not bytes.
inline void PrintTo(const backend_entry& entry, std::ostream* out) {
  *out << entry.name;
}

// A run of a job whose lease has run out, and the newer start that has the job now.
struct overtaken {
  lease old;
  lease now;
};

class queue_contract : public testing::TestWithParam<backend_entry> {
 protected:
  void SetUp() override { backend_ = GetParam().make(); }

  queue_port& q() { return backend_->port(); }
  store::database& db() { return backend_->db(); }
  son1k::test::faulty_database& faults() { return backend_->db(); }
  son1k::test::manual_clock& clock() { return backend_->clock(); }
  void reopen() { backend_->reopen(); }

  // Runs a coroutine of the port to its end on a loop of its own.
  template <class T>
  T run(boost::asio::awaitable<T> work) {
    auto& loop = new_loop();
    auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    loop.run();
    return future.get();
  }

  static job_spec spec(std::string id = {}, std::int32_t priority = 0) {
    job_spec s;
    s.queue = "songs";
    s.kind = "probe";
    s.id = std::move(id);
    s.options.priority = priority;
    return s;
  }
  result<std::vector<added_job>> add(std::vector<job_spec> specs) {
    return run(q().add(std::move(specs)));
  }
  result<std::vector<added_job>> add(job_spec s) {
    std::vector<job_spec> one;
    one.push_back(std::move(s));
    return add(std::move(one));
  }
  std::vector<claimed_job> claim(std::size_t max = 1, std::int64_t lease_ms = 30'000) {
    claim_request r;
    r.queue = "songs";
    r.worker = "w";
    r.max = max;
    r.lease_ms = lease_ms;
    auto got = run(q().claim(std::move(r)));
    EXPECT_TRUE(got) << got.error().what();
    return got ? std::move(*got) : std::vector<claimed_job>{};
  }
  std::vector<std::string> claim_ids(std::size_t max) {
    std::vector<std::string> ids;
    for (auto& job : claim(max)) ids.push_back(job.held.id);
    return ids;
  }
  result<finish_reply> finish(const lease& held, outcome how) {
    std::vector<finish_request> one(1);
    one[0].held = held;
    one[0].how = std::move(how);
    return run(q().finish(std::move(one))).front();
  }
  std::size_t recover() {
    auto n = run(q().recover_stalled("songs"));
    EXPECT_TRUE(n) << n.error().what();
    return n ? *n : 0;
  }
  // After its lease has run out. A backend looks at the clock by itself too, so it is not told who
  // found the job, only that it waits again.
  bool comes_back(const std::string& id) {
    for (int i = 0; i < 10'000; ++i) {
      recover();
      if (state(id) == job_state::waiting) return true;
    }
    return false;
  }
  overtaken overtake() {
    EXPECT_TRUE(add(spec("a")));
    overtaken o;
    o.old = claim(1, 1'000).at(0).held;
    clock().advance(1'000);
    EXPECT_TRUE(comes_back("a"));
    o.now = claim().at(0).held;
    return o;
  }
  // Domain writes of a job that has ended: one row of `effect`, unless the domain says no.
  settle_function effect(bool works = true) {
    return [works, this](const job_view& v, store::transaction& tx) {
      settled_.push_back(v);
      tx.stage([id = v.id, state = std::string(name_of(v.state)),
                works](store::connection& c) -> result<void> {
        static const store::statement sql("INSERT INTO effect (id, what) VALUES ($1, $2)");
        if (!works) return error(errc::conflict, "the domain says no");
        auto ok = c.execute(
            sql, {store::value(std::string_view(id)), store::value(std::string_view(state))});
        if (!ok) return ok.error();
        return {};
      });
    };
  }
  finish_request ending(const lease& held, outcome how, bool works = true) {
    finish_request r;
    r.held = held;
    r.how = std::move(how);
    r.settle = effect(works);
    return r;
  }
  result<finish_reply> settle(const lease& held, outcome how, bool works = true) {
    std::vector<finish_request> one;
    one.push_back(ending(held, std::move(how), works));
    return run(q().finish(std::move(one))).front();
  }
  result<job_view> get(const std::string& id) { return run(q().get("songs", id)); }
  job_state state(const std::string& id) {
    auto view = get(id);
    EXPECT_TRUE(view) << view.error().what();
    return view ? view->state : job_state::waiting_children;
  }
  std::vector<result<void>> edit(std::vector<std::string> ids, job_edit how) {
    auto replies = run(q().edit("songs", std::move(ids), std::move(how)));
    EXPECT_TRUE(replies) << replies.error().what();
    return replies ? std::move(*replies) : std::vector<result<void>>{};
  }
  result<void> edit(std::string id, job_edit::what what, std::int32_t priority = 0) {
    job_edit how;
    how.kind = what;
    how.priority = priority;
    std::vector<std::string> one;
    one.push_back(std::move(id));
    auto replies = edit(std::move(one), std::move(how));
    return replies.empty() ? result<void>(error(errc::internal, "no reply")) : replies.front();
  }
  // Claims the next job, which must be `id`, and lets its lease run out.
  void stall(const std::string& id) {
    const auto got = claim(1, 1'000);
    ASSERT_EQ(got.size(), 1u);
    ASSERT_EQ(got[0].held.id, id);
    clock().advance(1'000);
    ASSERT_TRUE(comes_back(id));
  }
  // Adds a job, runs it and ends it so.
  result<finish_reply> run_through(std::string id, outcome how) {
    EXPECT_TRUE(add(spec(std::move(id))));
    return finish(claim().at(0).held, std::move(how));
  }
  queue_counts counts() { return *q().counts("songs"); }
  result<void> cancel(const std::string& id) {
    store::transaction tx;
    if (auto ok = q().stage_cancel(tx, "songs", id, nullptr); !ok) return ok;
    return store::commit_and_wait(db(), std::move(tx));
  }
  // The events kept, as "type:id".
  std::vector<std::string> told(std::uint64_t since = 0) {
    std::vector<std::string> out;
    for (const auto& e : q().events(since, 10'000).events)
      out.push_back(std::string(name_of(e.type)) + ":" + e.job_id);
    return out;
  }
  static job_error broken(bool retryable = true) { return {"upstream", "it broke", retryable}; }

  // Kept until the backend is gone: its threads may still be waking a loop that has ended.
  boost::asio::io_context& new_loop() {
    std::lock_guard lock(loops_mutex_);
    return loops_.emplace_back();
  }

  std::mutex loops_mutex_;
  std::deque<boost::asio::io_context> loops_;
  std::vector<job_view> settled_;  // what effect() was called with
  std::unique_ptr<backend> backend_;
};

// The backends that a suite runs against.
std::vector<backend_entry> backends();

#define SON1K_QUEUE_CONTRACT(suite)                                \
  INSTANTIATE_TEST_SUITE_P(, suite, testing::ValuesIn(backends()), \
                           [](const auto& entry) { return entry.param.name; })

}  // namespace son1k::queue::test
