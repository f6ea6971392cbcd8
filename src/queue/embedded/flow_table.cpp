#include "queue/embedded/flow_table.hpp"

#include "queue/embedded/job_table.hpp"
#include "queue/embedded/table_values.hpp"
#include "queue/options_codec.hpp"

namespace son1k::queue::embedded {
namespace {

using store::statement;
using store::value;

}  // namespace

result<void> insert_child(store::connection& c, const child_row& r) {
  static const statement sql(
      "INSERT INTO job_child (parent, child, queue, id, on_failure, state, open, at_start)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (parent, child) DO NOTHING");
  return done(c.execute(sql, {number(r.parent), number(r.child), value(r.queue), value(r.id),
                              number(static_cast<std::int64_t>(r.on_failure)), number(r.state),
                              number(r.open ? 1 : 0)}));
}

result<void> copy_child_end(store::connection& c, std::int64_t parent, std::int64_t child) {
  static const statement sql(
      "UPDATE job_child SET error = (SELECT error FROM job_now WHERE seq = $2),"
      " result = (SELECT result FROM job_end WHERE seq = $2) WHERE parent = $1 AND child = $2");
  return done(c.execute(sql, {number(parent), number(child)}));
}

result<void> save_child_end(store::connection& c, const child_end& e) {
  static const statement told(
      "UPDATE job_child SET state = $3, open = open * $4, at_start = $5, error = $6, result = $7"
      " WHERE parent = $1 AND child = $2");
  static const statement closed("UPDATE job_child SET open = 0 WHERE parent = $1 AND child = $2");
  if (!e.told) return done(c.execute(closed, {number(e.parent), number(e.child)}));
  auto ok = done(c.execute(
      told, {number(e.parent), number(e.child), number(e.state), number(e.closes ? 0 : 1),
             number(e.proceeds ? e.at_start : -1), text_or_null(e.error), text_or_null(e.result)}));
  if (ok && e.verdict) ok = save_verdict(c, e.parent, *e.verdict);
  return ok;
}

result<void> reopen_child(store::connection& c, std::int64_t parent, std::int64_t child) {
  static const statement sql(
      "UPDATE job_child SET state = 0, error = NULL, result = NULL"
      " WHERE parent = $1 AND child = $2");
  return done(c.execute(sql, {number(parent), number(child)}));
}

result<void> save_verdict(store::connection& c, std::int64_t seq, const job_error& verdict) {
  static const statement sql(
      "UPDATE job SET verdict = $2 WHERE seq = $1 AND verdict IS NULL"
      " AND NOT EXISTS (SELECT 1 FROM job_end WHERE job_end.seq = job.seq)");
  const auto text = encode_error(verdict);
  return done(c.execute(sql, {number(seq), value(text)}));
}

result<std::optional<job_state>> state_in_row(store::connection& c, std::int64_t seq) {
  static const statement sql("SELECT state FROM job_now WHERE seq = $1");
  std::optional<job_state> found;
  auto ok = c.query(sql, {number(seq)}, [&](const store::row& r) {
    found = static_cast<job_state>(r.integer(0));
    return false;
  });
  if (!ok) return ok.error();
  return found;
}

result<void> scan_children(store::connection& c,
                           const std::function<void(const stored_child&)>& visit) {
  static const statement sql(
      "SELECT k.parent, k.child, k.on_failure, k.state, k.open, k.at_start FROM job_child k"
      " JOIN job p ON p.seq = k.parent WHERE p.state NOT IN (5, 6) ORDER BY k.parent, k.child");
  return c.query(sql, {}, [&](const store::row& r) {
    stored_child row;
    row.parent = r.integer(0);
    row.child = r.integer(1);
    row.on_failure = child_failure_of(r.integer(2));
    row.state = static_cast<job_state>(r.integer(3));
    row.open = r.integer(4) != 0;
    row.at_start = static_cast<std::int32_t>(r.integer(5));
    visit(row);
    return true;
  });
}

result<std::vector<read_child>> read_children(store::connection& c, std::int64_t parent) {
  static const statement sql(
      "SELECT child, queue, id, state, error, result FROM job_child WHERE parent = $1"
      " ORDER BY child");
  std::vector<read_child> out;
  auto ok = c.query(sql, {number(parent)}, [&](const store::row& r) {
    read_child one;
    one.seq = r.integer(0);
    one.view.job = {std::string(r.text(1)), std::string(r.text(2))};
    one.view.state = static_cast<job_state>(r.integer(3));
    one.view.error = decode_error(r.text(4));
    one.view.result = r.text(5);
    out.push_back(std::move(one));
    return true;
  });
  if (!ok) return ok.error();
  return out;
}

result<bool> take_dedup(store::connection& c, const dedup_row& r, std::int64_t former) {
  static const statement sql(
      "INSERT INTO job_dedup (queue, id, seq, owner, until_ms) VALUES ($1, $2, $3, $4, $5)"
      " ON CONFLICT (queue, id) DO UPDATE SET seq = excluded.seq, owner = excluded.owner,"
      " until_ms = excluded.until_ms WHERE job_dedup.seq = $6");
  auto rows = c.execute(sql, {value(r.queue), value(r.id), number(r.seq), value(r.owner),
                              number_or_null(r.until_ms), number(former)});
  if (!rows) return rows.error();
  return *rows > 0;
}

result<held_dedup> read_dedup_owner(store::connection& c, std::string_view queue,
                                    std::string_view id) {
  static const statement sql("SELECT owner, seq FROM job_dedup WHERE queue = $1 AND id = $2");
  held_dedup found;
  auto ok = c.query(sql, {value(queue), value(id)}, [&](const store::row& r) {
    found = {std::string(r.text(0)), r.integer(1)};
    return false;
  });
  if (!ok) return ok.error();
  return found;
}

result<void> extend_dedup(store::connection& c, const dedup_row& r) {
  static const statement sql(
      "UPDATE job_dedup SET until_ms = $4 WHERE queue = $1 AND id = $2 AND seq = $3"
      " AND until_ms IS NOT NULL");
  return done(c.execute(sql, {value(r.queue), value(r.id), number(r.seq), number(r.until_ms)}));
}

result<void> erase_owners(store::connection& c, std::span<const freed_id> freed) {
  static const statement sql("DELETE FROM job_dedup WHERE queue = $1 AND id = $2 AND seq = $3");
  for (const auto& one : freed) {
    auto ok = done(c.execute(sql, {value(one.queue), value(one.id), number(one.seq)}));
    if (!ok) return ok;
  }
  return {};
}

result<void> scan_dedup(store::connection& c, const std::function<void(const dedup_row&)>& visit) {
  static const statement sql("SELECT queue, id, owner, seq, until_ms FROM job_dedup ORDER BY seq");
  return c.query(sql, {}, [&](const store::row& r) {
    visit({r.text(0), r.text(1), r.text(2), r.integer(3), r.integer(4)});
    return true;
  });
}

result<void> replace_argument(store::connection& c, std::int64_t seq, std::int64_t run_at_ms,
                              std::string_view data) {
  static const statement sql(
      "UPDATE job SET run_at_ms = $2, data = $3,"
      " state = CASE WHEN $2 > 0 THEN 2 WHEN priority = 0 THEN 0 ELSE 1 END WHERE seq = $1");
  return done(c.execute(sql, {number(seq), number(run_at_ms), value(data)}));
}

result<void> save_retry(store::connection& c, std::int64_t seq, job_state state,
                        std::int64_t ready_at_ms, std::int64_t place) {
  static const statement reopen(
      "UPDATE job SET (starts, started_at_ms, has_log, worker) ="
      " (SELECT starts, started_at_ms, has_log, worker FROM job_end WHERE seq = $1),"
      " state = $2, attempts = 0, stalls = 0, cancel = 0, run_at_ms = 0, verdict = NULL,"
      " error = NULL, progress = 0, note = NULL, ready_at_ms = $3, place = $4 WHERE seq = $1");
  static const statement forget("DELETE FROM job_end WHERE seq = $1");
  auto ok = done(
      c.execute(reopen, {number(seq), number(state), number(ready_at_ms), number_or_null(place)}));
  return ok ? done(c.execute(forget, {number(seq)})) : ok;
}

result<void> save_promotion(store::connection& c, std::int64_t seq, job_state state,
                            std::int64_t ready_at_ms, std::int64_t place) {
  static const statement sql(
      "UPDATE job SET state = $2, run_at_ms = 0, ready_at_ms = $3, place = $4 WHERE seq = $1");
  return done(
      c.execute(sql, {number(seq), number(state), number(ready_at_ms), number_or_null(place)}));
}

result<void> save_priority(store::connection& c, std::int64_t seq, job_state state,
                           std::int32_t priority, std::int64_t place) {
  static const statement sql(
      "UPDATE job SET state = $2, priority = $3, place = coalesce($4, place) WHERE seq = $1");
  return done(
      c.execute(sql, {number(seq), number(state), number(priority), number_or_null(place)}));
}

result<void> save_place(store::connection& c, std::int64_t seq, std::int64_t place) {
  static const statement sql("UPDATE job SET place = $2 WHERE seq = $1");
  return done(c.execute(sql, {number(seq), number_or_null(place)}));
}

result<void> erase_queue(store::connection& c, std::string_view queue) {
  static const statement limits("DELETE FROM job_group WHERE queue = $1");
  static const statement owners("DELETE FROM job_dedup WHERE queue = $1");
  static const statement self("DELETE FROM job_queue WHERE name = $1");
  for (const auto* sql : {&limits, &owners, &self})
    if (auto ok = done(c.execute(*sql, {value(queue)})); !ok) return ok;
  return {};
}

}  // namespace son1k::queue::embedded
