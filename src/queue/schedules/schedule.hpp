// A schedule: which job, when, and what to do about runs that were missed or that would overlap.
// Plain values and pure rules. Times are UTC milliseconds, 0: none.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "queue/job.hpp"
#include "queue/schedules/timing.hpp"

namespace son1k::queue {

// Runs whose time passed while no scheduler was there.
enum class missed_rule : std::uint8_t {
  skip,  // none of them
  once,  // one for all of them
};
// A run whose time comes while the job of the one before has not ended.
enum class overlap_rule : std::uint8_t {
  skip,            // is left out
  queue,           // is added all the same
  cancel_running,  // is added, and the job before is cancelled
};
std::span<const std::string_view> missed_rule_names();   // "skip", "once"
std::span<const std::string_view> overlap_rule_names();  // "skip", "queue", "cancel-running"

struct schedule_spec {
  std::string id;  // 1 to 64 letters, digits, '.', '_', '-'
  std::string queue;
  std::string kind;
  std::string data = "{}";
  std::string user;
  job_options options;        // but delay and traceparent
  std::string cron;           // or
  std::int64_t every_ms = 0;  // counted from the start, or else from 1970
  std::string zone = "UTC";   // of the cron pattern
  std::int64_t start_at_ms = 0;
  std::int64_t end_at_ms = 0;  // the last moment at which it may run
  std::int64_t limit = 0;      // runs in all; 0: no limit
  missed_rule missed = missed_rule::skip;
  overlap_rule overlap = overlap_rule::skip;
  bool paused = false;
};

struct schedule {
  schedule_spec spec;
  std::int64_t version = 1;  // of the spec
  bool system = false;       // the program's own: can be edited, not removed
  std::int64_t next_run_ms = 0;
  std::int64_t last_run_ms = 0;     // the time it was due, not when it was done
  std::optional<job_ref> last_job;  // also of a run asked for by hand
  std::int64_t runs = 0;
  std::int64_t skipped = 0;  // by the overlap rule
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
  bool ended() const { return next_run_ms == 0; }
};

// validation: the field and the reason ("cron", "every", "zone", "startAt", "endAt", "limit", "id",
// else as check() of a job says it).
result<timing> check(const schedule_spec& spec);

// The first run after `after_ms` within start, end and limit, of a schedule that has had `runs`;
// 0: it has ended.
std::int64_t run_after(const schedule_spec& spec, const timing& when, std::int64_t after_ms,
                       std::int64_t runs);
// The next runs, preview_max at most.
std::vector<std::int64_t> preview(const schedule_spec& spec, const timing& when,
                                  std::int64_t after_ms, std::int64_t runs, std::size_t count);

// Later than this a run is missed; a new leader comes well within it.
inline constexpr std::int64_t missed_after_ms = 30'000;
// What a schedule missed is counted so far and no further: it may have been away for years.
inline constexpr std::int64_t missed_counted_max = 1'000;

// What is to be done for a schedule whose next run is due.
struct due_step {
  bool run = false;
  std::int64_t after_ms = 0;  // the next run is the first after it
  std::int64_t missed = 0;    // times that are found late, missed_counted_max at most
};
// `when` is that of the schedule: see check().
due_step step_of(const schedule& due, const timing& when, std::int64_t now_ms);

// The job of the run that was due at `due_ms`; a second one for the same time has the same id.
job_spec job_of(const schedule_spec& spec, std::int64_t due_ms);

}  // namespace son1k::queue
