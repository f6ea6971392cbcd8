// The worker's event loop: one claim coroutine a queue, `concurrency` slots that each run one job
// at a time, and the batches in which runs end. Every method but post-and-return begin(), pause(),
// drain(), hand_back(), abandon(), give_up() and the snapshots is called on the loop's own thread.
#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "queue/rate_limiter.hpp"
#include "queue/worker.hpp"
#include "queue/worker_finish.hpp"
#include "queue/worker_run.hpp"
#include "queue/worker_watch.hpp"

namespace son1k::queue {

class worker_loop {
 public:
  using run_ptr = std::shared_ptr<job_run>;

  worker_loop(boost::asio::io_context& context, run_world world, worker_watch& watch,
              const worker_settings& settings, std::vector<std::shared_ptr<job_kind>> kinds,
              const clock_port& clock);

  void begin();
  // Paused: claims no more and hands back what has not started; running jobs go on.
  void pause(bool paused);
  // Claims no more and hands back what has not started.
  void drain();
  // Gives up the runs that go on: their jobs go back to the queue now.
  void hand_back();
  // A run that ignored its stop token: its job ends, its slot is replaced.
  void abandon(run_ptr run);
  void give_up();

  struct snapshot {
    std::size_t running = 0;
    std::size_t pending = 0;  // ready to run, or ended but not on record
    std::size_t claims = 0;   // claim coroutines
    std::size_t live = 0;     // coroutines of all sorts
    bool draining = false;
  };
  // Waits until `reached` holds for the state after drain(), or for `ms`; whether it holds.
  bool wait_drained(std::int64_t ms, const std::function<bool(const snapshot&)>& reached);
  worker_stats stats() const;

 private:
  boost::asio::awaitable<void> claim_loop(std::size_t queue_index);
  boost::asio::awaitable<void> slot_loop(std::size_t slot_index);
  boost::asio::awaitable<void> recover_loop(std::size_t queue_index);
  boost::asio::awaitable<void> tend_loop();
  boost::asio::awaitable<void> nap(boost::asio::steady_timer& timer, std::int64_t ms);

  void launch(const char* name, boost::asio::awaitable<void> task, std::size_t* counted = nullptr);
  void launch_slot();
  std::size_t claim_ahead();
  std::size_t wanted();
  std::int64_t room_wait_ms() const;
  claim_request request_of(std::size_t queue_index, std::size_t most) const;
  finish_batcher::rider rider();
  void accept(std::size_t queue_index, std::vector<claimed_job> jobs);
  run_ptr take();
  bool leave(const run_ptr& run, outcome said);
  void end(run_ptr run, outcome how);
  void end_as_decided(const run_ptr& run, outcome said);
  void part_with(const run_ptr& run);
  void hand_back_ready();
  void wake_slot();
  void wake_claims();
  void done(std::span<const run_ptr> runs, bool acknowledged);
  void report();

  boost::asio::io_context& context_;
  run_world world_;
  worker_watch& watch_;
  const worker_settings& settings_;
  const std::vector<std::shared_ptr<job_kind>> kinds_;
  std::unordered_map<std::string_view, job_kind*> kind_by_name_;
  const clock_port& clock_;
  std::optional<rate_limiter> limiter_;
  // Freed slots are claimed for with the ends of their runs. Of several queues the one that has
  // the slots would keep them so.
  const bool rides_;
  finish_batcher finish_;

  std::deque<run_ptr> ready_;
  std::vector<run_ptr> slots_;               // what each slot runs
  boost::asio::steady_timer parked_;         // idle slots wait here; cancel_one() wakes one
  boost::asio::steady_timer limiter_timer_;  // wakes a slot when the limiter lets it start
  std::vector<std::unique_ptr<boost::asio::steady_timer>> naps_;
  std::vector<std::unique_ptr<boost::asio::steady_timer>> rooms_;  // claims that wait for a slot
  std::size_t parked_count_ = 0;
  std::size_t waiting_claims_ = 0;
  std::size_t claims_ = 0;
  std::size_t live_ = 0;
  std::size_t reserved_ = 0;
  std::size_t abandoned_ = 0;
  bool wake_pending_ = false;
  bool limiter_armed_ = false;
  bool paused_ = false;
  bool draining_ = false;
  // The pace of the last runs, by which jobs are claimed ahead.
  double pace_per_ms_ = 0;
  std::int64_t paced_at_us_ = 0;
  std::uint64_t paced_runs_ = 0;
  std::uint64_t runs_over_ = 0;

  std::atomic<std::size_t> running_{0};
  std::atomic<std::size_t> abandoned_seen_{0};
  std::atomic<std::uint64_t> started_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::atomic<std::uint64_t> leases_lost_{0};

  std::mutex drained_mutex_;
  std::condition_variable drained_;
  snapshot seen_;
};

}  // namespace son1k::queue
