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

inline constexpr std::int32_t priority_max = (1 << 21) - 1;
inline constexpr std::size_t data_bytes_max = 1'048'576;

struct job_options {
  std::int32_t priority = 0;  // 0: none and first; 1..priority_max, lower is sooner
  std::int64_t delay_ms = 0;
  std::int32_t attempts = 3;
  backoff_policy backoff;
  std::int64_t timeout_ms = 0;     // hard limit of one run; 0: none
  std::int64_t expires_in_ms = 0;  // drop if still waiting after it; 0: never
  retention keep_completed{3'600'000, 10'000};
  retention keep_failed{86'400'000, 5'000};
  std::string traceparent;
};

struct job_spec {
  std::string queue;
  std::string kind;
  std::string id;  // empty: a new UUIDv7
  std::string data = "{}";
  job_options options;
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
  };
  static outcome complete(std::string json) { return {what::completed, std::move(json), {}, 0}; }
  static outcome fail(job_error e) { return {what::failed, {}, std::move(e), 0}; }
  static outcome cancel() { return {what::cancelled, {}, {"cancelled", "cancelled", false}, 0}; }
  static outcome delay_until(std::int64_t ms) { return {what::delayed, {}, {}, ms}; }
  static outcome release() { return {what::released, {}, {}, 0}; }

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
  std::int32_t attempts_made = 0;
  std::int64_t starts = 0;  // the fence of the newest start
  std::int32_t stalls = 0;
  std::int64_t added_at_ms = 0;
  std::int64_t started_at_ms = 0;
  std::int64_t finished_at_ms = 0;
  std::int64_t run_at_ms = 0;  // when delayed
  std::vector<std::string> logs;
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
