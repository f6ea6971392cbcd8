// The durable side of the embedded queue: its SQL and the shape of its rows. Free functions over a
// connection, called inside staged steps (write) and reads; no state of their own. Errors are those
// of store::connection.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "queue/embedded/job_entry.hpp"
#include "store/database.hpp"

namespace son1k::queue::embedded {

struct new_row {
  std::int64_t seq = 0;
  std::string_view queue, id, kind;
  job_state state = job_state::waiting;
  std::int32_t priority = 0;
  std::int64_t added_at_ms = 0;
  std::int64_t run_at_ms = 0;
  std::int64_t parent = 0;  // its seq; 0: none
  std::string_view parent_queue, parent_id, user, group, dedup;
  std::string_view options, traceparent, data;
};
// False: the row is there already.
result<bool> insert_row(store::connection& c, const new_row& row);

// What a finished run leaves behind.
struct row_change {
  std::int64_t seq = 0;
  bool erase = false;  // the row goes; nothing below counts
  job_state state = job_state::waiting;
  std::int32_t attempts = 0, starts = 0, stalls = 0, percent = 0;
  std::int64_t run_at_ms = 0, started_at_ms = 0, finished_at_ms = 0;
  std::string worker, note, error, result;
  std::string log;  // lines of this run, joined; empty: none
  bool in_log = false;
  bool parent = false;
};
result<void> apply_change(store::connection& c, const row_change& change);

// Removes rows and what hangs on them, as far as there may be any. `seqs` is sorted ascending.
struct hangers {
  bool logs = true;
  bool children = true;
};
result<void> erase_rows(store::connection& c, std::span<const std::int64_t> seqs, hangers what);

result<void> save_checkpoint(store::connection& c, std::int64_t seq, std::string_view json);
result<void> mark_cancelled(store::connection& c, std::int64_t seq, bool runs);
// What `cancel` says of a row: nothing; that the job is removed, unless it has started since; that
// its worker must end it; and that this one is lost, so that the next must.
enum stored_cancel : std::int64_t { cancel_none, cancel_removed, cancel_asked, cancel_lost };

// A run that was lost with its process or its lease.
struct stall_row {
  std::int64_t seq = 0;
  std::int32_t stalls = 0, starts = 0;
  std::int64_t started_at_ms = 0;
};
result<void> save_stall(store::connection& c, const stall_row& row);
result<void> save_paused(store::connection& c, std::string_view queue, bool paused);

// The record of starts; see 0001_job.sql.
class start_list {
 public:
  void add(std::int64_t seq, std::int64_t fence);
  std::string_view bytes() const { return bytes_; }
  static void each(std::string_view bytes,
                   const std::function<void(std::int64_t seq, std::int64_t fence)>& visit);

 private:
  std::string bytes_;
};
result<void> save_starts(store::connection& c, std::uint32_t slot, std::string_view worker,
                         std::int64_t at_ms, std::string_view jobs);
result<void> clear_starts(store::connection& c);

struct stored_row {
  std::int64_t seq = 0;
  std::string_view queue, id, kind, options, group, verdict;
  job_state state = job_state::waiting;
  std::int32_t priority = 0, attempts = 0, starts = 0, stalls = 0;
  stored_cancel cancel = cancel_none;
  bool in_log = false, on_disk_more = false;
  std::int64_t added_at_ms = 0, run_at_ms = 0, ready_at_ms = 0;
  std::int64_t started_at_ms = 0, finished_at_ms = 0;
  std::int64_t place = 0;   // 0: at its seq
  std::int64_t parent = 0;  // its seq; 0: none
};
// At most `limit` rows after `after_seq`, ascending.
result<void> scan_rows(store::connection& c, std::int64_t after_seq, std::int64_t limit,
                       const std::function<void(const stored_row&)>& visit);
struct stored_start {
  std::int64_t seq = 0, fence = 0, at_ms = 0;
};
result<void> scan_starts(store::connection& c,
                         const std::function<void(const stored_start&)>& visit);
result<void> scan_paused(store::connection& c,
                         const std::function<void(std::string_view queue, bool paused)>& visit);

struct stored_argument {
  std::string data, checkpoint, traceparent, user, group, dedup;
};
// not_found: the row is gone.
result<stored_argument> read_argument(store::connection& c, std::int64_t seq);
// The whole row as a view, logs included. not_found.
result<job_view> read_view(store::connection& c, std::int64_t seq);

// The newest `most` lines stay.
void keep_newest(std::vector<std::string>& lines, std::int32_t most);

std::string encode_error(const job_error& e);
// Nothing for an empty text.
std::optional<job_error> decode_error(std::string_view text);

}  // namespace son1k::queue::embedded
