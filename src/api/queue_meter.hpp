// What has happened in each queue since this process began: totals, run and wait times, and the
// last hour minute by minute. Fed by the queue's records of runs and its events. Thread-safe.
#pragma once
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "queue/queue.hpp"

namespace son1k::api {

struct minute_counts {
  std::uint64_t added = 0, completed = 0, failed = 0;
};

class queue_figures {
 public:
  metrics::tally added{0}, completed{0}, failed{0}, cancelled{0}, retried{0}, stalled{0};
  metrics::histogram run_seconds{metrics::job_seconds};
  metrics::histogram wait_seconds{metrics::job_seconds};

  // Of the `minutes` (1..60) that ended last, and the one that runs.
  minute_counts recent(std::int64_t now_ms, int minutes) const;
  void note_added(std::int64_t now_ms);
  void note(const queue::run_record& run);

 private:
  struct minute {
    std::atomic<std::int64_t> number{0};
    std::atomic<std::uint64_t> added{0}, completed{0}, failed{0};
  };
  minute& minute_of(std::int64_t at_ms);
  std::array<minute, 64> minutes_;
};

class queue_meter {
 public:
  // More names than this share one set of figures, "other": a name costs memory for good.
  static constexpr std::size_t queues_max = 256;

  explicit queue_meter(queue::queue_port& queue);
  // Null: nothing of that queue has been seen.
  std::shared_ptr<const queue_figures> of(const std::string& queue) const;
  std::vector<std::pair<std::string, std::shared_ptr<const queue_figures>>> all() const;
  // Ends the subscriptions. Repeatable.
  void close();

 private:
  struct state;
  std::shared_ptr<state> state_;
  std::shared_ptr<void> runs_;
  std::shared_ptr<void> events_;
};

}  // namespace son1k::api
