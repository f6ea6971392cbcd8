// Keeps a queue on Redis whole. Of all processes that have a reconciler one leads; it
//   - looks every second whether Redis was emptied, replaced or started anew, by a mark of its own
//     in it, and then makes the jobs again that rows of the domain wait for (rebuild.hpp); without
//     such a sign it compares rows and jobs once in a while, and when it begins to lead;
//   - recovers the jobs of dead workers in every queue, also where nobody claims.
// Another takes over within ten seconds of its death.
//
// Owns a thread between start() and stop(). Everything it is given must outlive it. start(), stop()
// and stats() may be called from any thread.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/metrics.hpp"
#include "queue/kind.hpp"
#include "queue/queue.hpp"
#include "queue/redis/redis_queue.hpp"

namespace son1k::queue {

struct reconciler_settings {
  std::int64_t lease_ms = 6'000;     // of the leader; renewed and looked at every third of it
  std::int64_t look_ms = 1'000;      // between two looks at Redis
  std::int64_t compare_ms = 60'000;  // between two comparisons without a sign that one is needed
  std::int64_t slice = 500;          // rows that are looked at in one go
};

struct reconciler_stats {
  bool leads = false;
  std::uint64_t lost_redis = 0;  // times that Redis was found emptied, replaced or started anew
  std::uint64_t compared = 0;    // whole comparisons of rows and jobs
  std::uint64_t rebuilt = 0;     // jobs that were made again
  std::uint64_t settled = 0;     // rows that were ended because their jobs could not be
  std::uint64_t recovered = 0;   // jobs of dead workers that wait again
};

class reconciler {
 public:
  // `redis` and `how` are those that the queue was made with; kinds without rows cost nothing.
  reconciler(net::redis_client& redis, store::database& db, queue_port& queue,
             redis_queue_settings how, std::vector<std::shared_ptr<job_kind>> kinds,
             const clock_port& clock = system_clock(), reconciler_settings settings = {});
  ~reconciler();  // stop()
  reconciler(const reconciler&) = delete;
  reconciler& operator=(const reconciler&) = delete;

  void start();
  // Gives the lease up and waits for the thread. Repeatable.
  void stop();
  reconciler_stats stats() const;
  void collect_figures(std::vector<metrics::family>& out) const;

  // One round, as the thread does it. Only for one that has not been started. True: it leads.
  boost::asio::awaitable<bool> pass();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace son1k::queue
