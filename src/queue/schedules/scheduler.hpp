// Adds the jobs of schedules when their time comes. Any number of schedulers may share a database;
// one leads, and another takes over within ten seconds of its death. A run is one commit: the job,
// and where its schedule stands next; both, or none, under the leader's fence.
//
// Owns a thread between start() and stop(). Database, queue and clock must outlive it. start(),
// stop(), wake() and stats() may be called from any thread.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"

namespace son1k::queue {

struct scheduler_settings {
  std::int64_t lease_ms = 6'000;  // of the leader; renewed and looked at every third of it
  std::int64_t batch = 64;        // runs that are committed together
  settle_function settle;         // of jobs that the overlap rule cancels
};

struct scheduler_stats {
  bool leads = false;
  std::uint64_t runs = 0;      // jobs added by this scheduler
  std::uint64_t skipped = 0;   // runs left out by the overlap rule
  std::uint64_t missed = 0;    // times found late, whatever the rule for that
  std::uint64_t failed = 0;    // runs to be tried again
  std::uint64_t refused = 0;   // writes that came too late: another leads
  std::int64_t behind_ms = 0;  // how long the first of the due ones waits, while this one leads
};

class scheduler {
 public:
  scheduler(store::database& db, queue_port& queue, const clock_port& clock = system_clock(),
            scheduler_settings settings = {});
  ~scheduler();  // stop()
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  void start();
  // Gives the lease up and waits for the thread. Repeatable.
  void stop();
  // A schedule has changed: look again now.
  void wake();
  scheduler_stats stats() const;

  // One look, as the thread does it: keeps the lease or looks for it and runs what is due.
  // Milliseconds until the next one is due. Only for a scheduler that has not been started.
  boost::asio::awaitable<std::int64_t> pass();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace son1k::queue
