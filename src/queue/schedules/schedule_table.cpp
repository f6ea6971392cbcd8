#include "queue/schedules/schedule_table.hpp"

#include <fmt/format.h>

#include "queue/options_codec.hpp"

namespace son1k::queue {
namespace {

using store::statement;

constexpr std::string_view columns =
    "id, version, system, paused, cron, zone, every_ms, start_at_ms, end_at_ms, run_limit, missed, "
    "overlap, queue, kind, user_id, priority, grp, dedup, options, data, next_run_ms, last_run_ms, "
    "last_queue, last_job, runs, skipped, created_at_ms, updated_at_ms";

template <class Rule>
Rule rule_of(std::int64_t stored, Rule last) {
  return stored >= 0 && stored <= static_cast<std::int64_t>(last) ? static_cast<Rule>(stored)
                                                                  : Rule{};
}

schedule read_row(const store::row& r) {
  schedule out;
  auto& spec = out.spec;
  int at = 0;
  const auto text = [&] { return std::string(r.text(at++)); };
  const auto integer = [&] { return r.integer(at++); };
  spec.id = text();
  out.version = integer();
  out.system = integer() != 0;
  spec.paused = integer() != 0;
  spec.cron = text();
  spec.zone = text();
  spec.every_ms = integer();
  spec.start_at_ms = integer();
  spec.end_at_ms = integer();
  spec.limit = integer();
  spec.missed = rule_of(integer(), missed_rule::once);
  spec.overlap = rule_of(integer(), overlap_rule::cancel_running);
  spec.queue = text();
  spec.kind = text();
  spec.user = text();
  const auto priority = static_cast<std::int32_t>(integer());
  auto group = text();
  auto dedup = text();
  spec.options = decode_options(text());
  spec.options.priority = priority;
  spec.options.group = std::move(group);
  spec.options.dedup.id = std::move(dedup);
  spec.data = text();
  out.next_run_ms = integer();
  out.last_run_ms = integer();
  job_ref last;
  last.queue = text();
  last.id = text();
  if (!last.id.empty()) out.last_job = std::move(last);
  out.runs = integer();
  out.skipped = integer();
  out.created_at_ms = integer();
  out.updated_at_ms = integer();
  return out;
}

result<std::vector<schedule>> read_rows(store::connection& db, const statement& sql,
                                        std::initializer_list<store::value> params) {
  std::vector<schedule> out;
  auto done = db.query(sql, params, [&](const store::row& r) {
    out.push_back(read_row(r));
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::int64_t> read_number(store::connection& db, const statement& sql) {
  std::int64_t out = 0;
  auto done = db.query(sql, {}, [&](const store::row& r) {
    out = r.integer(0);
    return false;
  });
  if (!done) return done.error();
  return out;
}

std::string_view view(const std::string& s) {
  return s;
}
store::value text_or_null(const std::string& s) {
  if (s.empty()) return std::monostate{};
  return std::string_view(s);
}

}  // namespace

error no_such_schedule() {
  return {errc::not_found, "id",
          text("there is no schedule with this id", "no hay ningún horario con este id")};
}

result<bool> insert_schedule(store::connection& db, const schedule& row) {
  static const statement count("SELECT count(*) FROM schedule");
  static const statement insert("INSERT INTO schedule (" + std::string(columns) +
                                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
                                "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, "
                                "$27, $28) ON CONFLICT (id) DO NOTHING");
  const auto there = read_number(db, count);
  if (!there) return there.error();
  if (*there >= schedules_max) {
    return error(errc::unavailable, "id",
                 text(fmt::format("there are {} schedules already", schedules_max),
                      fmt::format("ya hay {} horarios", schedules_max)));
  }
  const auto& s = row.spec;
  const auto options = encode_options(s.options);
  const auto last = row.last_job.value_or(job_ref{});
  const auto changed = db.execute(insert, {view(s.id),
                                           row.version,
                                           row.system,
                                           s.paused,
                                           text_or_null(s.cron),
                                           view(s.zone),
                                           s.every_ms,
                                           s.start_at_ms,
                                           s.end_at_ms,
                                           s.limit,
                                           static_cast<std::int64_t>(s.missed),
                                           static_cast<std::int64_t>(s.overlap),
                                           view(s.queue),
                                           view(s.kind),
                                           view(s.user),
                                           static_cast<std::int64_t>(s.options.priority),
                                           view(s.options.group),
                                           view(s.options.dedup.id),
                                           view(options),
                                           view(s.data),
                                           row.next_run_ms,
                                           row.last_run_ms,
                                           view(last.queue),
                                           view(last.id),
                                           row.runs,
                                           row.skipped,
                                           row.created_at_ms,
                                           row.updated_at_ms});
  if (!changed) return changed.error();
  return *changed == 1;
}

result<bool> update_schedule(store::connection& db, const schedule& row) {
  static const statement update(
      "UPDATE schedule SET version = $2, paused = $3, cron = $4, zone = $5, every_ms = $6, "
      "start_at_ms = $7, end_at_ms = $8, run_limit = $9, missed = $10, overlap = $11, queue = $12, "
      "kind = $13, user_id = $14, priority = $15, grp = $16, dedup = $17, options = $18, "
      "data = $19, next_run_ms = $20, updated_at_ms = $21 "
      "WHERE id = $1 AND version = $2 - 1 AND runs = $22 AND last_run_ms = $23");
  const auto& s = row.spec;
  const auto options = encode_options(s.options);
  const auto changed = db.execute(update, {view(s.id),
                                           row.version,
                                           s.paused,
                                           text_or_null(s.cron),
                                           view(s.zone),
                                           s.every_ms,
                                           s.start_at_ms,
                                           s.end_at_ms,
                                           s.limit,
                                           static_cast<std::int64_t>(s.missed),
                                           static_cast<std::int64_t>(s.overlap),
                                           view(s.queue),
                                           view(s.kind),
                                           view(s.user),
                                           static_cast<std::int64_t>(s.options.priority),
                                           view(s.options.group),
                                           view(s.options.dedup.id),
                                           view(options),
                                           view(s.data),
                                           row.next_run_ms,
                                           row.updated_at_ms,
                                           row.runs,
                                           row.last_run_ms});
  if (!changed) return changed.error();
  return *changed == 1;
}

result<bool> delete_schedule(store::connection& db, std::string_view id) {
  static const statement remove("DELETE FROM schedule WHERE id = $1");
  const auto changed = db.execute(remove, {id});
  if (!changed) return changed.error();
  return *changed == 1;
}

result<schedule> find_schedule(store::connection& db, std::string_view id) {
  static const statement select("SELECT " + std::string(columns) + " FROM schedule WHERE id = $1");
  auto found = read_rows(db, select, {id});
  if (!found) return found.error();
  if (found->empty()) return no_such_schedule();
  return std::move(found->front());
}

result<std::vector<schedule>> list_schedules(store::connection& db, std::string_view after,
                                             std::int64_t limit) {
  static const statement select("SELECT " + std::string(columns) +
                                " FROM schedule WHERE id > $1 ORDER BY id LIMIT $2");
  return read_rows(db, select, {after, limit});
}

result<std::vector<schedule>> due_schedules(store::connection& db, std::int64_t now_ms,
                                            std::int64_t limit) {
  static const statement select("SELECT " + std::string(columns) +
                                " FROM schedule WHERE next_run_ms > 0 AND paused = 0 "
                                "AND next_run_ms <= $1 ORDER BY next_run_ms LIMIT $2");
  return read_rows(db, select, {now_ms, limit});
}

result<std::int64_t> next_due(store::connection& db) {
  static const statement select(
      "SELECT COALESCE(min(next_run_ms), 0) FROM schedule WHERE next_run_ms > 0 AND paused = 0");
  return read_number(db, select);
}

result<void> advance_schedule(store::connection& db, const schedule_advance& what) {
  static const statement run(
      "UPDATE schedule SET next_run_ms = $4, last_run_ms = $3, last_queue = $5, last_job = $6, "
      "runs = runs + 1 WHERE id = $1 AND version = $2 AND next_run_ms = $3");
  static const statement pass(
      "UPDATE schedule SET next_run_ms = $4, skipped = skipped + $5 "
      "WHERE id = $1 AND version = $2 AND next_run_ms = $3");
  const auto skipped = static_cast<std::int64_t>(what.skipped ? 1 : 0);
  const auto changed =
      what.job
          ? db.execute(run, {view(what.id), what.version, what.due_ms, what.next_run_ms,
                             view(what.job->queue), view(what.job->id)})
          : db.execute(pass, {view(what.id), what.version, what.due_ms, what.next_run_ms, skipped});
  if (!changed) return changed.error();
  if (*changed == 1) return {};
  return error(errc::conflict, "id",
               text("the schedule has changed meanwhile", "el horario ha cambiado entretanto"));
}

result<void> note_job(store::connection& db, std::string_view id, const job_ref& job) {
  static const statement note("UPDATE schedule SET last_queue = $2, last_job = $3 WHERE id = $1");
  const auto changed = db.execute(note, {id, view(job.queue), view(job.id)});
  if (!changed) return changed.error();
  if (*changed == 0) return no_such_schedule();
  return {};
}

}  // namespace son1k::queue
