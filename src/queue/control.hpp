// What operators do to jobs, queues and workers. Part of the `queue` port. Every method that
// touches many jobs works in slices, each a commit of its own that holds the queue for less than 10
// ms.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "queue/job.hpp"
#include "queue/rate_limiter.hpp"
#include "queue/runs.hpp"

namespace son1k::queue {

inline constexpr std::size_t edit_jobs_max = 1'000;

struct job_edit {
  enum class what : std::uint8_t {
    retry,     // completed or failed → ready again, attempts counted from zero
    promote,   // delayed → ready now
    priority,  // of a job that has not started; it goes behind its equals
    to_front,  // of its equals in priority, among the ready
    to_back,
    remove,  // a job that neither runs nor waits for children
  };
  what kind = what::retry;
  std::int32_t priority = 0;
  settle_function settle;  // staged for each job that changes; a removed one has failed, "removed"
};
// Whether the edit has a meaning for a job in this state.
bool fits(job_edit::what kind, job_state state);

struct clean_request {
  std::string queue;
  std::vector<job_state> states;  // not active, not waiting_children
  std::int64_t min_age_ms = 0;    // since the end, or since the arrival of one that has not ended
  std::size_t max = std::numeric_limits<std::size_t>::max();
  settle_function settle;  // staged for each job that had not ended: failed, "removed"
};

struct group_limits {
  std::int64_t concurrency = 0;    // runs at once over all workers; 0: no limit
  std::optional<rate_limit> rate;  // starts
  bool operator==(const group_limits&) const = default;
};
struct queue_limits {
  std::int64_t concurrency = 0;
  std::optional<rate_limit> rate;
  // Of every group that has no limits of its own; jobs without a group are one group among them.
  group_limits each_group;
  std::int64_t ageing_ms = 600'000;  // a job runs before any that arrived this much later; 0: off
  bool operator==(const queue_limits&) const = default;
};
// validation: names the limit that is out of its range.
result<void> check(const group_limits& limits);
result<void> check(const queue_limits& limits);

class queue_control {
 public:
  virtual ~queue_control() = default;

  // Changes at most edit_jobs_max jobs in one commit; a reply for each. not_found · conflict: the
  // job is in a state that this edit has no meaning for (the message says which); it is unchanged.
  virtual boost::asio::awaitable<result<std::vector<result<void>>>> edit(
      std::string queue, std::vector<std::string> ids, job_edit how) = 0;
  // Removes jobs; how many. validation: a state that cannot be cleaned, a negative age.
  virtual boost::asio::awaitable<result<std::size_t>> clean(clean_request request) = 0;
  // Removes the queue with all that is in it. conflict: not paused, or (without `force`) jobs are
  // active. With `force` the active ones lose their leases. Safe to call again after a failure.
  virtual boost::asio::awaitable<result<void>> obliterate(std::string queue, bool force,
                                                          settle_function settle) = 0;

  // Durable on return. Running jobs go on; nothing is claimed until it is resumed.
  virtual boost::asio::awaitable<result<void>> pause(std::string queue, bool paused) = 0;
  // Durable on return; holds for what starts from then on, what has started in the window counts.
  // validation: see check().
  virtual boost::asio::awaitable<result<void>> set_limits(std::string queue,
                                                          queue_limits limits) = 0;
  // Of one group, in place of queue_limits::each_group; nothing: as every group again. validation
  // · unavailable: too many groups.
  virtual boost::asio::awaitable<result<void>> set_group_limits(
      std::string queue, std::string group, std::optional<group_limits> limits) = 0;

  // What the worker is told at its next beat. not_found.
  virtual result<void> order(const std::string& worker, worker_order what) = 0;
};

}  // namespace son1k::queue
