// The worker runtime: claims jobs, runs each as a coroutine of its kind, ends them in batches.
//
// A worker owns its threads: one event loop on which every run() is resumed, a watch thread (lease
// renewal, cancel requests, time limits: a blocked loop or a busy compute pool never looks dead)
// and the compute pool. It does not own the queue or the database; both must outlive it. start(),
// stop() and the getters may be called from any thread but the worker's own.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "queue/kind.hpp"
#include "queue/queue.hpp"
#include "queue/rate_limiter.hpp"
#include "store/database.hpp"

namespace son1k::queue {

struct worker_settings {
  std::string name;                 // for the jobs' records; empty: "<host>:<pid>:<number>"
  std::vector<std::string> queues;  // at least one
  std::size_t concurrency = 50;     // runs at once, over all queues; 1..10'000
  std::optional<rate_limit> limiter = rate_limit{};  // starts, over all queues; empty: no limit
  std::int64_t lease_ms = 30'000;                    // renewed at a third of it
  std::int64_t drain_grace_ms = 25'000;              // stop(): how long running jobs may go on
  std::int64_t stop_grace_ms = 5'000;                // how long a run may ignore its stop token
  std::int64_t cancel_poll_ms = 200;                 // how soon a cancel from elsewhere is seen
  std::int64_t recover_every_ms = 5'000;             // sweep of expired leases
  std::size_t compute_threads = 0;                   // 0: one per core
  // Short jobs are claimed ahead of free slots: as many as will start within this time, judged by
  // the pace of the last ones, and at most claim_ahead_max. 0 ms: never ahead.
  std::int64_t claim_ahead_ms = 10;
  std::size_t claim_ahead_max = 2'048;
  std::int64_t beat_every_ms = 1'000;  // how often it says that it is there and asks for orders
  std::string version;                 // of the program, for those who look at the fleet
};

struct worker_stats {
  std::size_t running = 0;    // runs that hold a slot
  std::size_t abandoned = 0;  // runs that ignored their stop token and still go on
  std::uint64_t started = 0;
  std::uint64_t ended = 0;  // ends that the queue has acknowledged
  std::uint64_t leases_lost = 0;
};

class worker {
 public:
  // validation from start(): no queue, a bound out of range, two kinds of one name.
  worker(queue_port& queue, store::database& db, std::vector<std::shared_ptr<job_kind>> kinds,
         worker_settings settings, const clock_port& clock = system_clock());
  ~worker();  // stop()
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // Begins to claim. A second call does nothing. conflict: after stop().
  result<void> start();
  // Drains: claims no more, lets running jobs finish for the grace, hands the rest back to the
  // queue and waits until the threads have ended. Repeatable; concurrent callers all wait.
  void stop();
  // As stop(), with another grace. The shortest asked for wins.
  void stop_within(std::int64_t grace_ms);

  // Between start() and the end of stop(). A worker that was ordered to drain ends by itself.
  bool running() const;
  worker_stats stats() const;
  const std::string& name() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
  std::thread ordered_drain_;
};

}  // namespace son1k::queue
