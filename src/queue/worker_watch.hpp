// The thread that keeps claimed jobs alive and asks runs to stop: it renews leases at a third of
// their time, looks for cancel requests, holds runs to their time limit, and beats. It never waits
// for the worker's loop or the compute pool. Thread-safe but for start() and stop(), which have one
// owner.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "queue/queue.hpp"
#include "queue/worker_run.hpp"

namespace son1k::queue {

struct watch_settings {
  std::vector<std::string> queues;  // job_run::queue_index counts in it
  std::int64_t lease_ms = 30'000;
  std::int64_t cancel_poll_ms = 200;
  std::int64_t stop_grace_ms = 5'000;
  std::int64_t beat_every_ms = 1'000;
};

class worker_watch {
 public:
  using run_ptr = std::shared_ptr<job_run>;

  // `overdue` is called on the watch thread, once for a run that was asked to stop and still holds
  // its slot after stop_grace_ms. `beat` is called there too, at once and every beat_every_ms.
  worker_watch(queue_port& queue, watch_settings settings, std::function<void(run_ptr)> overdue,
               std::function<void()> beat);
  ~worker_watch();  // stop()

  void start();
  void stop();

  // Claimed runs: their leases are renewed until remove(). All of one queue.
  void add(std::span<const run_ptr> runs);
  void remove(std::span<const run_ptr> runs);
  // The run begins and must end within `limit_ms`.
  void limit(const run_ptr& run, std::int64_t limit_ms);
  // Asks every watched run to stop.
  void stop_all(stop_reason why);

 private:
  void loop();
  void renew();
  void look_for_cancels();
  void hold_to_limits();
  std::vector<lease> leases_of(std::size_t queue_index);
  // Asks those of the queue's runs to stop whose id stands in `ids`.
  void ask_stop(std::size_t queue_index, const std::vector<std::string>& ids, stop_reason why);

  queue_port& queue_;
  const watch_settings settings_;
  const std::function<void(run_ptr)> overdue_;
  const std::function<void()> beat_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::vector<run_ptr>> runs_;  // by queue
  std::int64_t next_limit_ms_ = 0;          // steady; 0: none
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace son1k::queue
