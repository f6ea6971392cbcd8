// What is to be seen of jobs, queues and workers. Part of the `queue` port. Every answer is
// bounded.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "queue/control.hpp"
#include "queue/job.hpp"

namespace son1k::queue {

struct queue_counts {
  std::int64_t waiting = 0, prioritized = 0, delayed = 0, active = 0, waiting_children = 0,
               completed = 0, failed = 0;
  std::int64_t oldest_ready_at_ms = 0;  // since when the oldest ready job waits; 0: none
  bool paused = false;
};

struct events_page {
  std::vector<job_event> events;
  bool gap = false;  // events after `since` have been trimmed or predate this process
};

inline constexpr std::size_t list_jobs_max = 1'000;

struct list_request {
  std::string queue;
  job_state state = job_state::waiting;
  std::string after;  // jobs_page::next of the page before; empty: from the beginning
  std::size_t limit = 100;
};
struct jobs_page {
  std::vector<job_view> jobs;  // without logs
  std::string next;            // empty: that was the last page
};

class queue_reader {
 public:
  virtual ~queue_reader() = default;

  // The whole job, logs included. not_found.
  virtual boost::asio::awaitable<result<job_view>> get(std::string queue, std::string id) = 0;
  // The short form for clients that poll; reads no storage where the backend can answer from
  // memory. not_found: unknown, or ended.
  virtual boost::asio::awaitable<result<job_glance>> glance(std::string queue, std::string id) = 0;
  // A page of the jobs in a state: ready ones by priority and arrival, delayed ones by their time,
  // active ones by their start, ended ones from the newest. Jobs that come and go between pages
  // may be missed or met twice. validation: a bad cursor or limit.
  virtual boost::asio::awaitable<result<jobs_page>> list(list_request request) = 0;
  // The children of a job, as it would read them in a run. not_found.
  virtual boost::asio::awaitable<result<std::vector<child_view>>> children(std::string queue,
                                                                           std::string id) = 0;
  // All names, sorted.
  virtual result<std::vector<std::string>> queues() = 0;
  virtual result<queue_counts> counts(const std::string& queue) = 0;
  virtual result<queue_limits> limits(const std::string& queue) = 0;
  virtual std::vector<worker_facts> workers() = 0;

  // Events after `since` (0: from the oldest kept), at most `limit`.
  virtual events_page events(std::uint64_t since, std::size_t limit) = 0;
  // Calls `listener` for each event, on a thread of the backend, in order; it must be short. The
  // subscription ends when the returned handle is released.
  virtual std::shared_ptr<void> subscribe(std::function<void(const job_event&)> listener) = 0;
  // As subscribe(), for runs that ended, in batches. A listener that blocks holds the queue back
  // instead of losing records. Records of the last moments before a crash are not told again; the
  // jobs themselves are still listed as long as they are kept.
  virtual std::shared_ptr<void> record_runs(
      std::function<void(std::span<const run_record>)> listener) = 0;
};

}  // namespace son1k::queue
