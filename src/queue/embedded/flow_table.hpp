// The durable side of flows, deduplication and edits: SQL over job_child, job_dedup and job. Free
// functions over a connection, called inside staged steps (write) and reads. Errors are those of
// store::connection.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/embedded/job_entry.hpp"
#include "store/database.hpp"

namespace son1k::queue::embedded {

struct child_row {
  std::int64_t parent = 0, child = 0;
  std::string_view queue, id;
  child_failure on_failure = child_failure::fail;
  job_state state = job_state::waiting;
  bool open = true;
};
result<void> insert_child(store::connection& c, const child_row& row);
// Puts what the row of an ended child holds beside its parent.
result<void> copy_child_end(store::connection& c, std::int64_t parent, std::int64_t child);

// What the end of a child means for one parent.
struct child_end {
  std::int64_t parent = 0, child = 0;
  bool told = true;       // state, error and result are news
  bool closes = true;     // the parent waits for it no longer
  bool proceeds = false;  // the parent runs at once
  job_state state = job_state::failed;
  std::int32_t at_start = 0;
  std::string error, result;         // as stored; empty: none
  std::optional<job_error> verdict;  // what the parent is to end with
};
result<void> save_child_end(store::connection& c, const child_end& end);
// The child runs again.
result<void> reopen_child(store::connection& c, std::int64_t parent, std::int64_t child);
result<void> save_verdict(store::connection& c, std::int64_t seq, const job_error& verdict);
// How far a job is, by its row: nothing when there is no such row.
result<std::optional<job_state>> state_in_row(store::connection& c, std::int64_t seq);

struct stored_child {
  std::int64_t parent = 0, child = 0;
  child_failure on_failure = child_failure::fail;
  job_state state = job_state::waiting;
  bool open = true;
  std::int32_t at_start = 0;
};
// Of parents that have not ended.
result<void> scan_children(store::connection& c,
                           const std::function<void(const stored_child&)>& visit);
struct read_child {
  std::int64_t seq = 0;
  child_view view;
};
result<std::vector<read_child>> read_children(store::connection& c, std::int64_t parent);

struct dedup_row {
  std::string_view queue, id, owner;
  std::int64_t seq = 0;
  std::int64_t until_ms = 0;  // 0: until the job has ended
};
// Takes the id, or renews it, unless somebody else holds it than `former` (a seq; 0: nobody).
result<bool> take_dedup(store::connection& c, const dedup_row& row, std::int64_t former);
struct held_dedup {
  std::string owner;
  std::int64_t seq = 0;
};
result<held_dedup> read_dedup_owner(store::connection& c, std::string_view queue,
                                    std::string_view id);
result<void> extend_dedup(store::connection& c, const dedup_row& row);
// An id that its owner holds no longer.
struct freed_id {
  std::string queue, id;
  std::int64_t seq = 0;
};
result<void> erase_owners(store::connection& c, std::span<const freed_id> freed);
result<void> scan_dedup(store::connection& c, const std::function<void(const dedup_row&)>& visit);

// A delayed job gets another argument and another time; 0: it is ready.
result<void> replace_argument(store::connection& c, std::int64_t seq, std::int64_t run_at_ms,
                              std::string_view data);

// What an operator's edit leaves behind; `place`, `ready_at_ms`: 0 for unchanged.
result<void> save_retry(store::connection& c, std::int64_t seq, job_state state,
                        std::int64_t ready_at_ms, std::int64_t place);
result<void> save_promotion(store::connection& c, std::int64_t seq, job_state state,
                            std::int64_t ready_at_ms, std::int64_t place);
result<void> save_priority(store::connection& c, std::int64_t seq, job_state state,
                           std::int32_t priority, std::int64_t place);
result<void> save_place(store::connection& c, std::int64_t seq, std::int64_t place);

// All that is kept of a queue beside its jobs.
result<void> erase_queue(store::connection& c, std::string_view queue);

}  // namespace son1k::queue::embedded
