#include <algorithm>
#include <limits>
#include <map>

#include "queue/history/fingerprint.hpp"
#include "queue/history/history_rows.hpp"
#include "queue/options_codec.hpp"

namespace son1k::queue {
namespace {

using store::connection;
using store::statement;
using store::value;

const statement sql_next{
    "SELECT 1 + coalesce(max(place), 0) FROM (SELECT max(seq) AS place FROM history "
    "UNION ALL SELECT max(last_seq) FROM history_part) AS places"};
const statement sql_keep_run{
    "INSERT INTO history_run (job_key, queue, id, fence, worker, started_at_ms, ended_at_ms, "
    "outcome, cpu_us, bytes_max, error_code, error_text) "
    "SELECT job_key, queue, id, fence, worker, started_at_ms, ended_at_ms, "
    "CASE WHEN state = 5 THEN 'completed' WHEN error_code = 'cancelled' THEN 'cancelled' "
    "ELSE 'failed' END, cpu_us, bytes_max, error_code, error_text "
    "FROM history WHERE seq = $1 AND started_at_ms <> 0"};
static_assert(static_cast<int>(job_state::completed) == 5);
const statement sql_remove{"DELETE FROM history WHERE seq = $1"};
const statement sql_insert{
    "INSERT INTO history (seq, job_key, queue, id, kind, owner, tenant, state, dead, priority, "
    "attempts, stalls, fence, worker, added_at_ms, ready_at_ms, started_at_ms, ended_at_ms, "
    "cpu_us, bytes_max, fingerprint, error_code, error_final, error_text, options, result, data) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
    "$19, $20, $21, $22, $23, $24, $25, $26, $27)"};
const statement sql_insert_run{
    "INSERT INTO history_run (job_key, queue, id, fence, worker, started_at_ms, ended_at_ms, "
    "outcome, cpu_us, bytes_max, error_code, error_text) "
    "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 WHERE NOT EXISTS (SELECT 1 "
    "FROM history_run r WHERE r.job_key = $1 AND r.queue = $2 AND r.id = $3 AND r.fence = $4 "
    "AND r.started_at_ms = $6)"};
const statement sql_letter{
    "INSERT INTO history_dead_group (fingerprint, queue, kind, letters, last_seq) "
    "VALUES ($1, $2, $3, 1, $4) ON CONFLICT (fingerprint) "
    "DO UPDATE SET letters = history_dead_group.letters + 1, last_seq = excluded.last_seq"};
const statement sql_fewer_letters{
    "UPDATE history_dead_group SET letters = letters - $2 WHERE fingerprint = $1"};
const statement sql_no_letters{
    "DELETE FROM history_dead_group WHERE fingerprint = $1 AND letters <= 0"};
const statement sql_is_dead{"SELECT fingerprint FROM history WHERE seq = $1 AND dead = 1"};
const statement sql_bury{"UPDATE history SET dead = 0 WHERE seq = $1"};
const statement sql_oldest{
    "SELECT seq, job_key, queue, id, ended_at_ms, dead, fingerprint FROM history "
    "ORDER BY seq LIMIT $1"};
const statement sql_place{
    "SELECT seq, ended_at_ms FROM history WHERE seq >= $1 ORDER BY seq LIMIT 1"};
const statement sql_letter_queues{
    "SELECT queue, count(*), CAST(sum(letters) AS BIGINT) AS jobs FROM history_dead_group "
    "GROUP BY queue ORDER BY jobs DESC LIMIT $1"};
const statement sql_remove_runs{
    "DELETE FROM history_run WHERE job_key = $1 AND queue = $2 AND id = $3"};
const statement sql_remove_old_runs{
    "DELETE FROM history_run WHERE run IN "
    "(SELECT run FROM history_run ORDER BY run LIMIT $2) AND ended_at_ms < $1"};

value text_or_null(std::string_view text) {
  if (text.empty()) return std::monostate();
  return text;
}

result<void> fewer_letters(connection& c, std::string_view fingerprint, std::int64_t by) {
  if (auto ok = c.send(sql_fewer_letters, {fingerprint, by}); !ok) return ok;
  return c.send(sql_no_letters, {fingerprint});
}

std::string_view outcome_of(const run_record& r) {
  if (r.stalled) return "stalled";
  if (r.error) return "failed";
  if (r.state == job_state::waiting || r.state == job_state::prioritized) return "released";
  return name_of(r.state);
}

result<void> write_run(connection& c, const run_record& r) {
  const std::string_view code = r.error ? r.error->code : std::string_view();
  const std::string_view message = r.error ? r.error->message : std::string_view();
  return c.send(sql_insert_run, {key_of(r.job.id), r.job.queue, r.job.id, r.fence, r.worker,
                                 r.started_at_ms, r.ended_at_ms, outcome_of(r), r.cost.cpu_us,
                                 r.cost.bytes_max, text_or_null(code), text_or_null(message)});
}

// The rows of a batch's jobs as they are and as the batch makes them.
using rows_by_job = std::map<std::pair<std::string, std::string>, ended_row>;

// Makes room for a job's new row. False: the row that is there is as new.
result<bool> displace(connection& c, const rows_by_job& rows, const run_record& r) {
  const auto found = rows.find({r.job.queue, r.job.id});
  if (found == rows.end()) return true;
  const auto& row = found->second;
  if (r.added_at_ms <= row.added_at_ms && r.fence <= row.fence && r.ended_at_ms <= row.ended_at_ms)
    return false;
  if (auto ok = c.send(sql_keep_run, {row.seq}); !ok) return ok.error();
  if (auto ok = c.send(sql_remove, {row.seq}); !ok) return ok.error();
  if (row.dead) {
    if (auto ok = fewer_letters(c, row.fingerprint, 1); !ok) return ok.error();
  }
  return true;
}

result<void> write_end(const history_tables& tables, connection& c, rows_by_job& rows,
                       const run_record& r, std::int64_t seq) {
  const bool failed = r.state == job_state::failed;
  const bool dead = failed && !r.cancelled;
  const auto fault = r.error.value_or(
      r.cancelled ? job_error{std::string(state_cancelled), "cancelled", false} : job_error{});
  const std::string_view code = r.cancelled ? state_cancelled : std::string_view(fault.code);
  std::string fingerprint;
  if (dead) fingerprint = fingerprint_of(r.job.queue, r.kind, code, fault.message);
  std::string options = r.options ? encode_options(*r.options) : std::string();
  tables.clean(options);
  const bool keeps_data = failed || r.data.size() <= history_data_bytes_max;
  const bool keeps_result = r.result.size() <= history_result_bytes_max;
  auto written = c.send(sql_insert, {seq,
                                     key_of(r.job.id),
                                     r.job.queue,
                                     r.job.id,
                                     r.kind,
                                     r.user,
                                     r.group,
                                     static_cast<std::int64_t>(r.state),
                                     dead ? 1L : 0L,
                                     static_cast<std::int64_t>(r.priority),
                                     static_cast<std::int64_t>(r.attempts_made),
                                     static_cast<std::int64_t>(r.stalls),
                                     r.fence,
                                     r.worker,
                                     r.added_at_ms,
                                     r.ready_at_ms,
                                     r.started_at_ms,
                                     r.ended_at_ms,
                                     r.cost.cpu_us,
                                     r.cost.bytes_max,
                                     text_or_null(fingerprint),
                                     text_or_null(code),
                                     failed && !fault.retryable ? 1L : 0L,
                                     text_or_null(fault.message),
                                     text_or_null(options),
                                     text_or_null(keeps_result ? r.result : std::string_view()),
                                     text_or_null(keeps_data ? r.data : std::string_view())});
  if (!written) return written;
  rows[{r.job.queue, r.job.id}] = {r.job,         seq,  r.added_at_ms, r.fence,
                                   r.ended_at_ms, dead, fingerprint};
  if (!dead) return {};
  return c.send(sql_letter, {fingerprint, r.job.queue, r.kind, seq});
}

void clean_texts(const history_tables& tables, run_record& r) {
  for (auto* text :
       {&r.job.queue, &r.job.id, &r.kind, &r.user, &r.group, &r.data, &r.worker, &r.result}) {
    tables.clean(*text);
  }
  if (!r.error) return;
  tables.clean(r.error->code);
  tables.clean(r.error->message);
}

result<std::int64_t> next_place(connection& c) {
  std::int64_t next = 0;
  auto looked = c.query(sql_next, {}, [&](const store::row& r) {
    next = r.integer(0);
    return false;
  });
  if (!looked) return looked.error();
  return next;
}

}  // namespace

std::vector<run_record> cleaned(const history_tables& tables, std::vector<run_record> records) {
  for (auto& r : records) clean_texts(tables, r);
  return records;
}

result<void> write_records(const history_tables& tables, connection& c,
                           std::span<const run_record> records) {
  if (auto turn = tables.take_turn(c); !turn) return turn;
  auto next = next_place(c);
  if (!next) return next.error();
  std::vector<job_ref> jobs;
  for (const auto& r : records) {
    if (r.ended) jobs.push_back(r.job);
  }
  auto found = tables.find_rows(c, jobs);
  if (!found) return found.error();
  rows_by_job rows;
  for (auto& row : *found) rows.emplace(std::pair(row.job.queue, row.job.id), std::move(row));
  for (const auto& r : records) {
    if (!r.ended) {
      if (auto ok = write_run(c, r); !ok) return ok;
      continue;
    }
    auto room = displace(c, rows, r);
    if (!room) return room.error();
    if (!*room) continue;
    if (auto ok = write_end(tables, c, rows, r, (*next)++); !ok) return ok;
  }
  return {};
}

result<void> bury(const history_tables& tables, connection& c, std::span<const std::int64_t> seqs) {
  if (auto turn = tables.take_turn(c); !turn) return turn;
  for (const auto seq : seqs) {
    std::string fingerprint;
    auto looked = c.query(sql_is_dead, {seq}, [&](const store::row& r) {
      fingerprint = r.text(0);
      return false;
    });
    if (!looked) return looked;
    if (fingerprint.empty()) continue;
    if (auto ok = c.execute(sql_bury, {seq}); !ok) return ok.error();
    if (auto ok = fewer_letters(c, fingerprint, 1); !ok) return ok;
  }
  return {};
}

result<std::int64_t> trim_oldest(const history_tables& tables, connection& c,
                                 std::int64_t oldest_ms, std::int64_t keep, std::int64_t max) {
  if (auto turn = tables.take_turn(c); !turn) return turn.error();
  const auto place = next_place(c);
  if (!place) return place.error();
  const auto next = *place;
  struct old_row {
    std::int64_t seq, key;
    std::string queue, id, fingerprint;
  };
  std::vector<old_row> gone;
  auto looked = c.query(sql_oldest, {max}, [&](const store::row& r) {
    const bool crowded = r.integer(0) < next - keep;
    if (!crowded && r.integer(4) >= oldest_ms) return false;
    gone.push_back({r.integer(0), r.integer(1), std::string(r.text(2)), std::string(r.text(3)),
                    std::string(r.integer(5) != 0 ? r.text(6) : std::string_view())});
    return true;
  });
  if (!looked) return looked.error();
  for (const auto& row : gone) {
    if (auto ok = c.send(sql_remove, {row.seq}); !ok) return ok.error();
    if (auto ok = c.send(sql_remove_runs, {row.key, row.queue, row.id}); !ok) return ok.error();
    if (row.fingerprint.empty()) continue;
    if (auto ok = fewer_letters(c, row.fingerprint, 1); !ok) return ok.error();
  }
  if (auto ok = c.send(sql_remove_old_runs, {oldest_ms, max}); !ok) return ok.error();
  return static_cast<std::int64_t>(gone.size());
}

result<std::int64_t> count_trimmable(connection& c, std::int64_t oldest_ms, std::int64_t keep) {
  const auto place = next_place(c);
  if (!place) return place.error();
  const auto next = *place;
  // The first row at or after a place, and when it ended.
  const auto row_at = [&](std::int64_t from) -> result<std::pair<std::int64_t, std::int64_t>> {
    std::pair<std::int64_t, std::int64_t> found{next, oldest_ms};
    auto ok = c.query(sql_place, {from}, [&](const store::row& r) {
      found = {r.integer(0), r.integer(1)};
      return false;
    });
    if (!ok) return ok.error();
    return found;
  };
  const auto first = row_at(0);
  if (!first) return first.error();
  auto low = std::max(first->first, next - keep);
  for (auto high = next; low < high;) {
    const auto middle = low + (high - low) / 2;
    const auto row = row_at(middle);
    if (!row) return row.error();
    if (row->second < oldest_ms) {
      low = row->first + 1;
    } else {
      high = middle;
    }
  }
  return low - first->first;
}

result<std::vector<letters_of_queue>> count_letters(connection& c) {
  std::vector<letters_of_queue> out;
  const auto ok = c.query(sql_letter_queues, {letter_queues_max}, [&out](const store::row& r) {
    out.push_back({std::string(r.text(0)), r.integer(1), r.integer(2)});
    return true;
  });
  if (!ok) return ok.error();
  return out;
}

}  // namespace son1k::queue
