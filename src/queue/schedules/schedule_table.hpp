// The rows of schedules. Statements only; the rules are in schedule.hpp. Calls run inside a unit of
// work or a read of the database, on its threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "queue/schedules/schedule.hpp"
#include "store/database.hpp"

namespace son1k::queue {

inline constexpr std::int64_t schedules_max = 10'000;

// False: there is one of that id, which stays as it is. unavailable: schedules_max are there.
result<bool> insert_schedule(store::connection& db, const schedule& row);
// Writes spec, version and next run over the row whose version is one less and, with that, counters
// that the scheduler keeps stay. False: there is no such row.
result<bool> update_schedule(store::connection& db, const schedule& row);
// False: there is none.
result<bool> delete_schedule(store::connection& db, std::string_view id);

// not_found.
result<schedule> find_schedule(store::connection& db, std::string_view id);
// By id, those after `after`.
result<std::vector<schedule>> list_schedules(store::connection& db, std::string_view after,
                                             std::int64_t limit);

// Those that are due at `now_ms`, the longest due first.
result<std::vector<schedule>> due_schedules(store::connection& db, std::int64_t now_ms,
                                            std::int64_t limit);
// When the next one is due; 0: none will be.
result<std::int64_t> next_due(store::connection& db);

// What became of the run that was due at `due_ms`.
struct schedule_advance {
  std::string id;
  std::int64_t version = 0;
  std::int64_t due_ms = 0;
  std::int64_t next_run_ms = 0;
  std::optional<job_ref> job;  // added for it
  bool skipped = false;        // by the overlap rule
};
// conflict: the schedule has been edited or advanced since it was read; nothing is changed.
result<void> advance_schedule(store::connection& db, const schedule_advance& what);
// Notes the job of a run that was asked for by hand. not_found.
result<void> note_job(store::connection& db, std::string_view id, const job_ref& job);

error no_such_schedule();

}  // namespace son1k::queue
