#include <map>

#include "queue/history/fingerprint.hpp"
#include "queue/history/history_rows.hpp"
#include "queue/options_codec.hpp"

namespace son1k::queue {
namespace {

using store::connection;
using store::row;
using store::statement;

#define SON1K_HISTORY_NARROW                                                                   \
  "h.seq, h.queue, h.id, h.kind, h.owner, h.tenant, h.state, h.dead, h.priority, h.attempts, " \
  "h.stalls, h.fence, h.worker, h.added_at_ms, h.ready_at_ms, h.started_at_ms, "               \
  "h.ended_at_ms, h.cpu_us, h.bytes_max, h.fingerprint, h.error_code, h.error_final, "         \
  "h.error_text"
#define SON1K_HISTORY_COLUMNS SON1K_HISTORY_NARROW ", h.options, h.result, h.data"

enum column {
  seq,
  queue_name,
  id,
  kind,
  owner,
  tenant,
  state,
  dead,
  priority,
  attempts,
  stalls,
  fence,
  worker,
  added,
  ready,
  started,
  ended,
  cpu,
  bytes,
  fingerprint,
  error_code,
  error_final,
  error_text,
  options,
  result_text,
  data,
};

const statement sql_find{"SELECT " SON1K_HISTORY_COLUMNS
                         " FROM history h WHERE h.job_key = $1 AND h.id = $3 "
                         "AND ($2 = '' OR h.queue = $2) ORDER BY h.seq DESC LIMIT 1"};
const statement sql_runs{
    "SELECT fence, worker, started_at_ms, ended_at_ms, outcome, cpu_us, bytes_max, error_code, "
    "error_text FROM history_run WHERE job_key = $1 AND queue = $2 AND id = $3 "
    "ORDER BY run DESC LIMIT $4"};
#define SON1K_GROUP_COLUMNS                                                                     \
  "SELECT g.fingerprint, g.queue, g.kind, g.letters, g.last_seq, h.ended_at_ms, h.error_code, " \
  "h.error_text, (SELECT f.ended_at_ms FROM history f WHERE f.dead = 1 "                        \
  "AND f.fingerprint = g.fingerprint ORDER BY f.seq LIMIT 1), h.error_final "                   \
  "FROM history_dead_group g LEFT JOIN history h ON h.seq = "                                   \
  "(SELECT l.seq FROM history l WHERE l.dead = 1 AND l.fingerprint = g.fingerprint "            \
  "ORDER BY l.seq DESC LIMIT 1) "
const statement sql_groups{SON1K_GROUP_COLUMNS
                           "WHERE g.last_seq < $1 ORDER BY g.last_seq DESC LIMIT $2"};
const statement sql_group{SON1K_GROUP_COLUMNS "WHERE g.fingerprint = $1"};
const statement sql_letters{"SELECT " SON1K_HISTORY_COLUMNS
                            " FROM history h WHERE h.dead = 1 AND h.fingerprint = $1 "
                            "AND h.seq < $2 ORDER BY h.seq DESC LIMIT $3"};

dead_group group_of(const row& r) {
  dead_group g;
  g.fingerprint = r.text(0);
  g.queue = r.text(1);
  g.kind = r.text(2);
  g.letters = r.integer(3);
  g.last_seq = r.integer(4);
  g.last_at_ms = r.integer(5);
  g.sample = {std::string(r.text(6)), std::string(r.text(7)), r.integer(9) == 0};
  g.first_at_ms = r.integer(8);
  return g;
}

}  // namespace

const std::string_view history_columns = SON1K_HISTORY_COLUMNS;
const std::string_view history_columns_to_index = SON1K_HISTORY_NARROW ", NULL, NULL, h.data";

found_job read_row(const row& r) {
  found_job out;
  auto& job = out.job;
  out.seq = r.integer(seq);
  job.queue = r.text(queue_name);
  job.id = r.text(id);
  job.kind = r.text(kind);
  job.user = r.text(owner);
  job.options.group = r.text(tenant);
  job.state = static_cast<job_state>(r.integer(state));
  out.dead_letter = r.integer(dead) != 0;
  job.options.priority = static_cast<std::int32_t>(r.integer(priority));
  job.attempts_made = static_cast<std::int32_t>(r.integer(attempts));
  job.stalls = static_cast<std::int32_t>(r.integer(stalls));
  job.starts = r.integer(fence);
  job.worker = r.text(worker);
  job.added_at_ms = r.integer(added);
  out.ready_at_ms = r.integer(ready);
  job.started_at_ms = r.integer(started);
  job.finished_at_ms = r.integer(ended);
  out.cost = {r.integer(cpu), r.integer(bytes)};
  out.fingerprint = r.text(fingerprint);
  if (job.state == job_state::failed) {
    job.error = job_error{std::string(r.text(error_code)), std::string(r.text(error_text)),
                          r.integer(error_final) == 0};
  }
  return out;
}

void read_data(const row& r, found_job& out) {
  out.job.data = r.text(data);
}

void read_wide(const row& r, found_job& out) {
  auto kept = decode_options(r.text(options));
  kept.priority = out.job.options.priority;
  kept.group = std::move(out.job.options.group);
  out.job.options = std::move(kept);
  out.job.result = r.text(result_text);
  read_data(r, out);
}

result<std::optional<found_job>> find_row(connection& c, const std::string& queue,
                                          const std::string& job_id) {
  std::optional<found_job> out;
  auto looked = c.query(sql_find, {key_of(job_id), queue, job_id}, [&](const row& r) {
    out = read_row(r);
    read_wide(r, *out);
    return false;
  });
  if (!looked) return looked.error();
  return out;
}

result<std::vector<past_run>> read_runs(connection& c, const std::string& queue,
                                        const std::string& job_id) {
  std::vector<past_run> out;
  const auto limit = static_cast<std::int64_t>(story_runs_max - 1);
  auto looked = c.query(sql_runs, {key_of(job_id), queue, job_id, limit}, [&](const row& r) {
    past_run run;
    run.fence = r.integer(0);
    run.worker = r.text(1);
    run.started_at_ms = r.integer(2);
    run.ended_at_ms = r.integer(3);
    run.outcome = r.text(4);
    run.cost = {r.integer(5), r.integer(6)};
    if (!r.is_null(7)) {
      run.error = job_error{std::string(r.text(7)), std::string(r.text(8)), true};
    }
    out.insert(out.begin(), std::move(run));
    return true;
  });
  if (!looked) return looked.error();
  return out;
}

past_run last_run_of(const found_job& ended) {
  const auto& job = ended.job;
  past_run run;
  run.fence = job.starts;
  run.worker = job.worker;
  run.started_at_ms = job.started_at_ms;
  run.ended_at_ms = job.finished_at_ms;
  run.outcome = shown_state(job);
  run.error = job.error;
  run.cost = ended.cost;
  return run;
}

result<std::vector<bool>> are_known(const history_tables& tables, connection& c,
                                    std::span<const job_view> ended) {
  std::vector<job_ref> jobs;
  std::map<std::pair<std::string, std::string>, std::size_t> order;
  for (const auto& job : ended) {
    jobs.push_back({job.queue, job.id});
    tables.clean(jobs.back().queue);
    tables.clean(jobs.back().id);
    order.emplace(std::pair(jobs.back().queue, jobs.back().id), jobs.size() - 1);
  }
  auto rows = tables.find_rows(c, jobs);
  if (!rows) return rows.error();
  std::vector<bool> out(ended.size(), false);
  for (const auto& row : *rows) {
    const auto i = order.at({row.job.queue, row.job.id});
    const auto& job = ended[i];
    out[i] = job.added_at_ms <= row.added_at_ms && job.starts <= row.fence &&
             job.finished_at_ms <= row.ended_at_ms;
  }
  return out;
}

result<std::vector<dead_group>> read_groups(connection& c, std::int64_t before_seq,
                                            std::size_t limit) {
  std::vector<dead_group> out;
  auto looked =
      c.query(sql_groups, {before_seq, static_cast<std::int64_t>(limit)}, [&](const row& r) {
        out.push_back(group_of(r));
        return true;
      });
  if (!looked) return looked.error();
  return out;
}

result<std::optional<dead_group>> read_group(connection& c, const std::string& print) {
  std::optional<dead_group> out;
  auto looked = c.query(sql_group, {print}, [&](const row& r) {
    out = group_of(r);
    return false;
  });
  if (!looked) return looked.error();
  return out;
}

result<std::vector<found_job>> read_letters(connection& c, const std::string& print,
                                            std::int64_t before_seq, std::size_t limit) {
  std::vector<found_job> out;
  auto looked = c.query(sql_letters, {print, before_seq, static_cast<std::int64_t>(limit)},
                        [&](const row& r) {
                          out.push_back(read_row(r));
                          read_wide(r, out.back());
                          return true;
                        });
  if (!looked) return looked.error();
  return out;
}

}  // namespace son1k::queue
