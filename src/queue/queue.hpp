// The `queue` port. Every backend passes tests/contract/queue. All methods may be called from any
// thread; coroutines resume on the executor they run on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <span>

#include "queue/job.hpp"
#include "store/database.hpp"

namespace son1k::queue {

struct added_job {
  std::string id;
  bool duplicate = false;     // an earlier job has this id; nothing was added
  std::int64_t position = 0;  // how many jobs of the queue were ready before it
};

struct claim_request {
  std::string queue;
  std::string worker;  // who claims, for the job's record
  std::size_t max = 1;
  std::int64_t lease_ms = 30'000;
  std::int64_t wait_ms = 0;  // 0: reply at once, also with nothing
};

struct finish_request {
  lease held;
  outcome how;
  // Domain writes that must stand or fall with a terminal state; staged only if the state is one.
  std::function<void(const job_view&, store::transaction&)> settle;
};
struct finish_reply {
  job_state state = job_state::completed;  // where the job went
  std::int64_t run_at_ms = 0;              // when delayed for a retry
};

struct queue_counts {
  std::int64_t waiting = 0, prioritized = 0, delayed = 0, active = 0, completed = 0, failed = 0;
  bool paused = false;
};

struct events_page {
  std::vector<job_event> events;
  bool gap = false;  // events after `since` have been trimmed or predate this process
};

class queue_port {
 public:
  virtual ~queue_port() = default;

  // Checks the job and stages it into the caller's unit of work; the job can be claimed once that
  // is committed. A known id stages nothing and says duplicate. validation.
  virtual result<added_job> stage(store::transaction& tx, job_spec spec) = 0;
  // Stages all and commits once; durable on return. All are added or none.
  virtual boost::asio::awaitable<result<std::vector<added_job>>> add(
      std::vector<job_spec> specs) = 0;

  // Up to `max` jobs by priority, then order of arrival. The start is on record before the reply.
  virtual boost::asio::awaitable<result<std::vector<claimed_job>>> claim(claim_request request) = 0;
  // Ends the claims of `worker` that wait now: they reply at once, empty-handed. Later ones wait
  // again. Repeatable; a draining worker calls it until its claims have ended.
  virtual void end_waits(const std::string& worker) = 0;
  // Extends leases; the ids that are no longer held. Plain and blocking-free: the renewal thread
  // calls it.
  virtual std::vector<std::string> renew(std::span<const lease> held, std::int64_t lease_ms) = 0;
  // Ends many runs in one commit, each reply in order. lease_lost for a stale fence; the others of
  // the batch are unaffected. storage errors leave the job active: call again.
  virtual boost::asio::awaitable<std::vector<result<finish_reply>>> finish(
      std::vector<finish_request> requests) = 0;

  // Stages a check that `held` is still the newest start of an active job into the caller's unit of
  // work; lease_lost rolls the unit back. It reads the job's record inside the transaction, so a
  // later start, here or in another process, is always seen. Domain writes of a run stand on it.
  virtual void stage_fence_check(store::transaction& tx, const lease& held) = 0;

  // Progress never goes back: a lower percent keeps the old one. lease_lost. Not durable by itself.
  virtual result<void> progress(const lease& held, progress_value value) = 0;
  virtual result<void> log(const lease& held, std::string line) = 0;
  // Durable on return; a later run receives it. lease_lost.
  virtual boost::asio::awaitable<result<void>> checkpoint(lease held, std::string json) = 0;

  // Stages a cancel: waiting or delayed jobs are removed, an active one gets its stop request after
  // the commit. not_found: unknown or already ended.
  virtual result<void> stage_cancel(store::transaction& tx, const std::string& queue,
                                    const std::string& id) = 0;
  // The active jobs of `held` that somebody asked to cancel.
  virtual std::vector<std::string> cancel_requests(std::span<const lease> held) = 0;

  // Returns jobs whose lease ran out to waiting at their priority; how many. No attempt is spent.
  virtual boost::asio::awaitable<result<std::size_t>> recover_stalled(std::string queue) = 0;

  virtual boost::asio::awaitable<result<job_view>> get(std::string queue, std::string id) = 0;
  // The short form for clients that poll; reads no storage where the backend can answer from
  // memory. not_found: unknown, or ended.
  virtual boost::asio::awaitable<result<job_glance>> glance(std::string queue, std::string id) = 0;
  virtual result<queue_counts> counts(const std::string& queue) = 0;
  virtual result<void> pause(const std::string& queue, bool paused) = 0;

  // Events after `since` (0: from the oldest kept), at most `limit`.
  virtual events_page events(std::uint64_t since, std::size_t limit) = 0;
  // Calls `listener` for each event, on a thread of the backend, in order; it must be short. The
  // subscription ends when the returned handle is released.
  virtual std::shared_ptr<void> subscribe(std::function<void(const job_event&)> listener) = 0;

  // Ends waiting claims and background work. Repeatable.
  virtual void stop() = 0;
};

}  // namespace son1k::queue
