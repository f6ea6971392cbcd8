// What a job is: plain values shared by every backend, the worker runtime and the API.
// Units: milliseconds; times are UTC epoch milliseconds; `data`, `result` and checkpoints are JSON
// texts, kept as they came.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::queue {

enum class job_state : std::uint8_t {
  waiting,
  prioritized,
  delayed,
  active,
  waiting_children,
  completed,
  failed,
};
std::string_view name_of(job_state state);  // "waiting-children", as BullMQ spells it

enum class backoff_kind : std::uint8_t { fixed, exponential };
struct backoff_policy {
  backoff_kind kind = backoff_kind::exponential;
  std::int64_t delay_ms = 2'000;  // the first wait; exponential doubles it each time
  double jitter = 0.0;            // 0..1: the share of the wait that is random
};

struct retention {
  std::int64_t age_ms;  // 0: remove at once
  std::int64_t count;
};

// Adds of one `id` while its owner holds it add nothing and are told the owner's id.
struct dedup_options {
  std::string id;           // empty: no deduplication
  std::int64_t ttl_ms = 0;  // how long the owner holds it; 0: until the owner has ended
  bool extend = false;      // each refused add starts the time to live anew
  bool replace = false;     // a refused add puts its data and delay into an owner that is delayed
};

// What the end of a child in failure does to the parent that waits for it.
enum class child_failure : std::uint8_t {
  fail,     // the parent fails for good with the child's error
  proceed,  // the parent runs at once, without waiting for its other children
  ignore,   // counts as done; the parent finds the error beside the results
  hold,     // the parent waits until the child is retried and completes, or is removed
};

struct job_ref {
  std::string queue;
  std::string id;
  bool operator==(const job_ref&) const = default;
};

inline constexpr std::int32_t priority_max = (1 << 21) - 1;
inline constexpr std::size_t data_bytes_max = 1'048'576;
inline constexpr std::size_t log_lines_max = 1'000;
inline constexpr std::size_t flow_jobs_max = 10'000;  // jobs of one tree
inline constexpr std::size_t flow_depth_max = 32;

struct job_options {
  std::int32_t priority = 0;  // 0: none and first; 1..priority_max, lower is sooner
  std::int64_t delay_ms = 0;
  std::int32_t attempts = 3;
  backoff_policy backoff;
  std::int64_t timeout_ms = 0;     // hard limit of one run; 0: none
  std::int64_t expires_in_ms = 0;  // drop if still waiting after it; 0: never
  retention keep_completed{3'600'000, 10'000};
  retention keep_failed{86'400'000, 5'000};
  std::int32_t keep_logs = log_lines_max;  // the newest lines of the job's log
  std::string group;                       // tenant for fair sharing; empty: none of its own
  dedup_options dedup;
  child_failure on_failure = child_failure::fail;  // of this job, for its parent
  std::string traceparent;
};

struct job_spec {
  std::string queue;
  std::string kind;
  std::string id;          // empty: a new UUIDv7
  bool id_is_new = false;  // the caller has just made it: nobody need look whether it is known
  std::string data = "{}";
  std::string user;  // whose job it is, for search; empty: nobody's
  job_options options;
  std::optional<job_ref> parent;   // a job that waits for this one; it must not have ended
  std::vector<job_spec> children;  // must end before this one runs; see flow_jobs_max
};
// validation: names the field (queue, kind, id, data, options.priority, …) and the reason.
result<void> check(const job_spec& spec);

// A claim on a job. `fence` counts the starts of the job; a write under an older fence is refused.
struct lease {
  std::string queue;
  std::string id;
  std::int64_t fence = 0;
  std::uint64_t slot = 0;  // the backend's own handle to find the job fast; opaque
};

struct job_error {
  std::string code;     // stable, e.g. errc's name
  std::string message;  // for people; no secrets
  bool retryable = true;
};

struct claimed_job {
  lease held;
  std::string kind;
  std::string data;
  std::string checkpoint;  // what an earlier run saved; empty: none
  std::int32_t attempts_made = 0;
  job_options options;
  std::int64_t added_at_ms = 0;
  std::int64_t ready_at_ms = 0;  // since when it could have been claimed
  std::string user;
  // Set: the job must end with this error without a run (expired, poison after repeated stalls, or
  // "cancelled": asked for while no worker had it).
  // The worker does it, so that the kind settles the domain's part in the same commit.
  std::optional<job_error> verdict;
};

// How a run ended, as the kind says it.
struct outcome {
  enum class what : std::uint8_t {
    completed,  // `result`
    failed,     // `error`; retried with backoff if it may be and attempts are left
    cancelled,  // the stop token said cancel; final
    delayed,    // run again at `run_at_ms`; no attempt is spent
    released,   // handed back (drain): waiting again at once; no attempt is spent
    waits,      // run again when the children added during the run have ended; no attempt is spent
  };
  static outcome complete(std::string json) { return {what::completed, std::move(json), {}, 0}; }
  static outcome fail(job_error e) { return {what::failed, {}, std::move(e), 0}; }
  static outcome cancel() { return {what::cancelled, {}, {"cancelled", "cancelled", false}, 0}; }
  static outcome delay_until(std::int64_t ms) { return {what::delayed, {}, {}, ms}; }
  static outcome release() { return {what::released, {}, {}, 0}; }
  static outcome wait_for_children() { return {what::waits, {}, {}, 0}; }

  what kind = what::completed;
  std::string result;
  job_error error;
  std::int64_t run_at_ms = 0;
};

struct progress_value {
  std::int32_t percent = 0;  // 0..100, never goes back within a run
  std::string message;
};

// What a poll asks of a job that has not ended.
struct job_glance {
  job_state state = job_state::waiting;
  progress_value progress;
  std::int64_t run_at_ms = 0;  // when delayed
};

// One job as a reader sees it.
struct job_view {
  std::string queue;
  std::string id;
  std::string kind;
  job_state state = job_state::waiting;
  std::string data;
  std::string result;
  std::optional<job_error> error;
  progress_value progress;
  job_options options;
  std::string user;
  std::string worker;  // of the newest start
  std::optional<job_ref> parent;
  std::int32_t children_left = 0;  // that have not ended
  std::int32_t attempts_made = 0;
  std::int64_t starts = 0;  // the fence of the newest start
  std::int32_t stalls = 0;
  std::int64_t added_at_ms = 0;
  std::int64_t started_at_ms = 0;
  std::int64_t finished_at_ms = 0;
  std::int64_t run_at_ms = 0;  // when delayed
  std::vector<std::string> logs;
};

// A child as its parent sees it. Kept with the parent, also when the child itself has been trimmed.
struct child_view {
  job_ref job;
  job_state state = job_state::waiting;
  std::string result;
  std::optional<job_error> error;
};

// What a run used on the compute pool, where the platform tells: 0 is not known.
struct run_cost {
  std::int64_t cpu_us = 0;     // of all its pieces of work
  std::int64_t bytes_max = 0;  // held by one of them at its highest, beyond what it began with
};

// One run that ended, whole, for the lasting history; a job that ended without a run (cancelled
// or expired while it waited) has fence 0 of its last run and no worker.
struct run_record {
  job_ref job;
  std::string kind;
  std::string user;
  std::string group;
  std::string data;
  std::string worker;
  std::int32_t priority = 0;
  std::int64_t fence = 0;
  std::int32_t attempts_made = 0;
  std::int32_t stalls = 0;
  std::int64_t added_at_ms = 0;
  std::int64_t ready_at_ms = 0;    // of this run
  std::int64_t started_at_ms = 0;  // of this run; 0: there was none
  std::int64_t ended_at_ms = 0;
  job_state state = job_state::completed;  // where the job went
  bool ended = true;                       // the job has ended; false: it runs again
  bool cancelled = false;
  bool stalled = false;  // the run's lease ran out
  std::string result;
  std::optional<job_error> error;
  run_cost cost;
  // Of a job that failed for good, so that it can be added again when the queue has forgotten it.
  std::optional<job_options> options;
};

enum class event_type : std::uint8_t {
  added,
  waiting,
  active,
  progress,
  completed,
  failed,
  delayed,
  stalled,
  removed,
  drained,
  paused,
  resumed,
  retries_exhausted,
  duplicated,
  cleaned,
  cancelled,
  waiting_children,
  deduplicated,
};
std::string_view name_of(event_type type);

// Ids grow within one backend, also over restarts.
struct job_event {
  std::uint64_t id = 0;
  event_type type = event_type::added;
  std::string queue;
  std::string job_id;
  std::string kind;
  std::int64_t at_ms = 0;
  progress_value progress;  // for progress
  std::string detail;       // result of completed, error text of failed, previous state of others
};

}  // namespace son1k::queue
