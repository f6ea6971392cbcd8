// One run of one job: what its kind sees of the world, and the rules of how it ends. Made by the
// worker's loop when a job is claimed; shared with the watch thread and the compute pool.
// Threads: the job_context part may be called from any thread; what is marked "loop" belongs to the
// worker's event loop. After close() the run reaches neither queue nor database any more.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "queue/compute_pool.hpp"
#include "queue/kind.hpp"
#include "queue/queue.hpp"

namespace son1k::queue {

// How a run ends, from what its kind says and why it was asked to stop. Nothing: no end may be
// written, the job belongs to a newer start.
std::optional<outcome> decide_end(outcome said, stop_reason why, std::int64_t timeout_ms);

// What a run reaches; owned by the worker, which outlives its runs.
struct run_world {
  queue_port& queue;
  store::database& db;
  compute_pool& compute;
};

class job_run final : public job_context {
 public:
  job_run(run_world world, claimed_job job, job_kind* kind);

  const claimed_job& job() const override { return job_; }
  int attempt() const override { return job_.attempts_made + 1; }
  std::stop_token stop() const override { return stop_.get_token(); }
  stop_reason why_stopped() const override { return why_.load(std::memory_order_acquire); }
  void progress(int percent, std::string_view message) override;
  void log(std::string_view line) override;
  boost::asio::awaitable<result<void>> checkpoint(std::string json) override;
  boost::asio::awaitable<void> offload(std::function<void()> work) override;
  boost::asio::awaitable<void> sleep(std::int64_t ms) override;
  boost::asio::awaitable<result<void>> commit(store::transaction tx) override;
  boost::asio::awaitable<result<std::vector<child_view>>> children() override;
  boost::asio::awaitable<result<std::vector<added_job>>> add_children(
      std::vector<job_spec> specs) override;

  job_kind* kind() const { return kind_; }  // null: the worker does not know it
  // Asks the run to stop; the first reason stands, but a lost lease overrides any other.
  void ask_stop(stop_reason why);
  // From here on nothing of this run reaches the queue; waits for a call that is under way.
  void close();
  finish_request end_with(outcome how) const;

  // The watch thread's book-keeping, under its lock.
  struct watch_entry {
    std::size_t index = 0;
    std::int64_t deadline_ms = 0;    // steady; 0: no limit
    std::int64_t overdue_at_ms = 0;  // steady; when a run that was asked to stop is given up
    bool told_overdue = false;
  };
  watch_entry watched;

  // Set by the loop: the run is over and its end is being written; nobody need stop it any more.
  std::atomic<bool> ending{false};

  // Loop.
  enum class phase { ready, running, over, abandoned };
  phase at = phase::ready;
  std::size_t queue_index = 0;
  std::int64_t claimed_at_ms = 0;  // steady

 private:
  bool closed() const;
  void add_cost(const run_cost& more);

  run_world world_;
  claimed_job job_;
  job_kind* kind_;
  std::stop_source stop_;
  std::atomic<stop_reason> why_{stop_reason::none};
  mutable std::mutex reports_;  // guards what follows and the order of reports
  bool closed_ = false;
  progress_value newest_{-1, {}};
  run_cost cost_;
};

}  // namespace son1k::queue
