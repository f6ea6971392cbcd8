// The rules of the queue as pure functions: no clock, no random source, no I/O. Backends ask them
// and do what they say, so that every backend behaves alike and the rules are tested as tables.
#pragma once
#include <cstdint>
#include <optional>

#include "queue/job.hpp"

namespace son1k::queue {

// What may happen to a job.
enum class job_trigger : std::uint8_t {
  claimed,    // a worker takes it
  promoted,   // its delay is over
  completed,  // its run succeeded
  failed,     // its run failed
  cancelled,  // somebody asked to stop it; for an active job: its run has stopped
  delayed,    // its run asked to go on later
  released,   // its run was handed back
  stalled,    // its lease ran out, or its process died
  waits,      // its run ended until its children have
  unblocked,  // the last of its children has ended
  condemned,  // a child failed whose failure is its parent's
  retried,    // somebody wants an ended job to run again
};

struct job_facts {
  job_state state = job_state::waiting;
  std::int32_t priority = 0;
  std::int32_t attempts_made = 0;
  std::int32_t stalls = 0;
  std::int64_t starts = 0;
  bool cancel_requested = false;
};

// What a trigger carries beside its name.
struct trigger_facts {
  std::int64_t now_ms = 0;
  std::int64_t run_at_ms = 0;  // delayed: when to run again; unblocked: not before
  bool retryable = true;       // failed: whether the error may be retried
  double random = 0.0;         // failed: 0..1, for the jitter
};

struct transition {
  job_state to = job_state::waiting;
  std::int32_t attempts_made = 0;
  std::int32_t stalls = 0;
  std::int64_t starts = 0;
  std::int64_t run_at_ms = 0;  // when `to` is delayed
  bool removed = false;        // the job leaves the queue without a trace; `to` has no meaning
  bool ended = false;          // terminal: completed or failed for good
  bool cancelled = false;      // ended because of a cancel
  bool exhausted = false;      // ended because no attempt is left
};

// The one place that says where a job goes. Nothing: the trigger has no meaning in that state.
std::optional<transition> next(const job_facts& job, job_trigger trigger,
                               const trigger_facts& facts, const job_options& options);

// What the end of a run means for its job.
job_trigger trigger_of(outcome::what kind);

// The state of a job that is ready to run: waiting, or prioritized when it has a priority.
constexpr job_state ready_state(std::int32_t priority) {
  return priority == 0 ? job_state::waiting : job_state::prioritized;
}
constexpr bool is_ready(job_state s) {
  return s == job_state::waiting || s == job_state::prioritized;
}
constexpr bool is_ended(job_state s) {
  return s == job_state::completed || s == job_state::failed;
}

// A process that dies takes innocent jobs with it, so the first stalls prove nothing. A suspect
// runs alone in its process; one whose process dies under it alone again and again is poison. Only
// stalls in a row count.
inline constexpr std::int32_t stalls_of_suspect = 2;
inline constexpr std::int32_t stalls_of_poison = 5;
constexpr bool is_suspect(std::int32_t stalls) {
  return stalls >= stalls_of_suspect;
}
constexpr bool is_poison(std::int32_t stalls) {
  return stalls >= stalls_of_poison;
}

// Whether the job that is ready the longest goes before the one whose turn it is by priority.
constexpr bool goes_first_by_age(std::int64_t oldest_ready_at_ms, std::int64_t next_ready_at_ms,
                                 std::int64_t ageing_ms) {
  return ageing_ms > 0 && next_ready_at_ms - oldest_ready_at_ms >= ageing_ms;
}

inline constexpr std::int64_t backoff_ms_max = 86'400'000;
// The wait before attempt `attempts_made + 1`, in 0..backoff_ms_max. `random` in 0..1 takes up to
// the share `jitter` off the wait.
std::int64_t backoff_ms(const backoff_policy& policy, std::int32_t attempts_made, double random);

// What to keep of a list of ended jobs: the newest `count`, none that ended before `oldest_ms`.
struct keep_rule {
  std::int64_t count = 0;
  std::int64_t oldest_ms = 0;
};
keep_rule keep_of(const retention& keep, std::int64_t now_ms);
// True if a job that ends now under this retention is not to be kept at all.
constexpr bool keeps_nothing(const retention& keep) {
  return keep.age_ms == 0 || keep.count == 0;
}

}  // namespace son1k::queue
