// What a worker says of itself, and what it is told in return: paused or not, or to drain. Owned by
// the worker; tell() belongs to the watch thread, drains() may be called from any thread.
#pragma once
#include <atomic>
#include <functional>

#include "base/clock.hpp"
#include "queue/runs.hpp"
#include "queue/worker.hpp"
#include "queue/worker_loop.hpp"

namespace son1k::queue {

class worker_beat {
 public:
  // `asked_to_drain` is called once, on the watch thread.
  worker_beat(job_runs& queue, const worker_settings& settings, const clock_port& clock,
              worker_loop& loop, std::function<void()> asked_to_drain);

  void tell();
  void drains() { draining_ = true; }

 private:
  job_runs& queue_;
  worker_loop& loop_;
  const std::function<void()> asked_to_drain_;
  worker_facts facts_;
  std::atomic<bool> draining_{false};
  bool told_drain_ = false;
};

}  // namespace son1k::queue
