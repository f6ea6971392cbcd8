// How workers take jobs, keep them and end them. Part of the `queue` port.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <span>
#include <string>
#include <vector>

#include "queue/job.hpp"
#include "queue/settle.hpp"
#include "store/database.hpp"

namespace son1k::queue {

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
  settle_function settle;  // staged only if the job has ended
  run_cost cost;
};
struct finish_reply {
  job_state state = job_state::completed;  // where the job went
  std::int64_t run_at_ms = 0;              // when delayed for a retry
};
struct finish_and_claim_reply {
  std::vector<result<finish_reply>> finished;
  result<std::vector<claimed_job>> claimed;
};

// What a worker says of itself, once a second or so.
struct worker_facts {
  std::string name;
  std::string host;
  std::int64_t pid = 0;
  std::string version;
  std::vector<std::string> queues;
  std::int64_t slots = 0;
  std::int64_t busy = 0;
  std::int64_t rss_bytes = 0;
  std::int64_t started_at_ms = 0;
  std::int64_t seen_at_ms = 0;  // filled in by the backend
  bool paused = false;
  bool draining = false;
};
struct worker_order {
  bool paused = false;  // claim no more until told otherwise
  bool drain = false;   // end: let running jobs finish, then leave
};

class job_runs {
 public:
  virtual ~job_runs() = default;

  // Up to `max` jobs by the order of docs/queue.md: priority, then fair turns between groups, then
  // arrival, with ageing; never beyond the limits of the queue and the groups, nothing while it is
  // paused. A suspect comes alone and only while its process runs nothing else. The start is on
  // record before the reply.
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
  // Whether each call is a round trip to somewhere else: then a worker asks for its next jobs
  // together with the ends of those before.
  virtual bool distant() const { return false; }
  // finish(), then claim(): one round trip where the backend is away. The claim does not wait.
  virtual boost::asio::awaitable<finish_and_claim_reply> finish_and_claim(
      std::vector<finish_request> requests, claim_request next) = 0;

  // Stages a check that `held` is still the newest start of an active job into the caller's unit of
  // work; lease_lost rolls the unit back. It reads the job's record inside the transaction, so a
  // later start, here or in another process, is always seen. Domain writes of a run stand on it.
  virtual void stage_fence_check(store::transaction& tx, const lease& held) = 0;

  // Progress never goes back: a lower percent keeps the old one. lease_lost. Not durable by itself.
  virtual result<void> progress(const lease& held, progress_value value) = 0;
  virtual result<void> log(const lease& held, std::string line) = 0;
  // Durable on return; a later run receives it. lease_lost.
  virtual boost::asio::awaitable<result<void>> checkpoint(lease held, std::string json) = 0;

  // The active jobs of `held` that somebody asked to cancel.
  virtual std::vector<std::string> cancel_requests(std::span<const lease> held) = 0;

  // Returns jobs whose lease ran out to waiting at their priority; how many. No attempt is spent.
  virtual boost::asio::awaitable<result<std::size_t>> recover_stalled(std::string queue) = 0;

  // Registers the worker, or says that it is still there; what is asked of it. A worker that has
  // been silent for worker_silence_ms is forgotten. Plain and blocking-free.
  virtual worker_order beat(const worker_facts& facts) = 0;
  virtual void leave(const std::string& worker) = 0;
};

inline constexpr std::int64_t worker_silence_ms = 15'000;

}  // namespace son1k::queue
