#include "queue/embedded/job_table.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "queue/embedded/table_values.hpp"
#include "queue/options_codec.hpp"

namespace son1k::queue::embedded {
namespace {

using store::statement;
using store::value;

std::int32_t small(const store::row& r, int column) {
  return static_cast<std::int32_t>(r.integer(column));
}

job_state state_of(std::int64_t stored) {
  return stored >= 0 && stored <= static_cast<std::int64_t>(job_state::failed)
             ? static_cast<job_state>(stored)
             : job_state::waiting;
}

void put_integer(std::string& out, std::int64_t n) {
  for (int byte = 0; byte < 8; ++byte)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(n) >> (8 * byte)));
}

std::int64_t get_integer(std::string_view in) {
  std::uint64_t n = 0;
  for (std::size_t byte = 0; byte < 8; ++byte)
    n |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[byte])) << (8 * byte);
  return static_cast<std::int64_t>(n);
}

void split_lines(std::string_view lines, std::vector<std::string>& out) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    out.emplace_back(lines.substr(0, end));
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
  }
}

}  // namespace

void keep_newest(std::vector<std::string>& lines, std::int32_t most) {
  const auto n = static_cast<std::size_t>(std::max(most, 0));
  if (lines.size() > n) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(n));
}

result<bool> insert_row(store::connection& c, const new_row& r) {
  static const statement sql(
      "INSERT INTO job (seq, queue, id, kind, state, priority, attempts, starts, stalls, cancel,"
      " added_at_ms, run_at_ms, started_at_ms, finished_at_ms, options, traceparent, progress,"
      " has_log, data, parent, parent_queue, parent_id, user_id, grp, dedup)"
      " VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, $7, $8, 0, 0, $9, $10, 0, 0, $11, $12, $13,"
      " $14, $15, $16, $17)"
      " ON CONFLICT (seq) DO NOTHING");
  auto rows = c.execute(sql, {number(r.seq), value(r.queue), value(r.id), value(r.kind),
                              number(static_cast<std::int64_t>(r.state)), number(r.priority),
                              number(r.added_at_ms), number(r.run_at_ms), text_or_null(r.options),
                              text_or_null(r.traceparent), value(r.data), number_or_null(r.parent),
                              text_or_null(r.parent_queue), text_or_null(r.parent_id),
                              text_or_null(r.user), text_or_null(r.group), text_or_null(r.dedup)});
  if (!rows) return rows.error();
  return *rows > 0;
}

namespace {

// A run that ended and its job did not.
result<void> update_row(store::connection& c, const row_change& r) {
  static const statement sql(
      "UPDATE job SET state = $2, attempts = $3, starts = $4, stalls = $5, run_at_ms = $6,"
      " started_at_ms = $7, progress = $8, note = $9, error = $10, has_log = $11, worker = $12"
      " WHERE seq = $1");
  return done(
      c.execute(sql, {number(r.seq), number(static_cast<std::int64_t>(r.state)), number(r.attempts),
                      number(r.starts), number(r.stalls), number(r.run_at_ms),
                      number(r.started_at_ms), number(r.percent), text_or_null(r.note),
                      text_or_null(r.error), number(r.in_log ? 1 : 0), text_or_null(r.worker)}));
}

result<void> insert_end(store::connection& c, const row_change& r) {
  static const statement sql(
      "INSERT INTO job_end (seq, state, attempts, starts, stalls, started_at_ms, finished_at_ms,"
      " worker, progress, has_log, note, error, result)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
  return done(c.execute(
      sql, {number(r.seq), number(static_cast<std::int64_t>(r.state)), number(r.attempts),
            number(r.starts), number(r.stalls), number(r.started_at_ms), number(r.finished_at_ms),
            text_or_null(r.worker), number(r.percent), number(r.in_log ? 1 : 0),
            text_or_null(r.note), text_or_null(r.error), text_or_null(r.result)}));
}

}  // namespace

result<void> apply_change(store::connection& c, const row_change& r) {
  static const statement add_log(
      "INSERT INTO job_log (seq, fence, lines) VALUES ($1, $2, $3)"
      " ON CONFLICT (seq, fence) DO UPDATE SET lines = excluded.lines");
  if (r.erase) {
    const std::int64_t seqs[] = {r.seq};
    return erase_rows(c, seqs, {r.in_log, r.parent});
  }
  if (!r.log.empty()) {
    auto ok = done(c.execute(add_log, {number(r.seq), number(r.starts), value(r.log)}));
    if (!ok) return ok;
  }
  return is_ended(r.state) ? insert_end(c, r) : update_row(c, r);
}

result<void> erase_rows(store::connection& c, std::span<const std::int64_t> seqs, hangers what) {
  static const statement rows("DELETE FROM job WHERE seq BETWEEN $1 AND $2");
  static const statement ends("DELETE FROM job_end WHERE seq BETWEEN $1 AND $2");
  static const statement lines("DELETE FROM job_log WHERE seq BETWEEN $1 AND $2");
  static const statement children("DELETE FROM job_child WHERE parent BETWEEN $1 AND $2");
  for (std::size_t first = 0, last = 0; first < seqs.size(); first = last + 1) {
    last = first;
    while (last + 1 < seqs.size() && seqs[last + 1] == seqs[last] + 1) ++last;
    auto ok = done(c.execute(rows, {number(seqs[first]), number(seqs[last])}));
    if (ok) ok = done(c.execute(ends, {number(seqs[first]), number(seqs[last])}));
    if (ok && what.logs) ok = done(c.execute(lines, {number(seqs[first]), number(seqs[last])}));
    if (ok && what.children)
      ok = done(c.execute(children, {number(seqs[first]), number(seqs[last])}));
    if (!ok) return ok;
  }
  return {};
}

result<void> save_checkpoint(store::connection& c, std::int64_t seq, std::string_view json) {
  static const statement sql("UPDATE job SET checkpoint = $2 WHERE seq = $1");
  return done(c.execute(sql, {number(seq), value(json)}));
}

result<void> mark_cancelled(store::connection& c, std::int64_t seq, bool runs) {
  static const statement removed("UPDATE job SET cancel = 1 WHERE seq = $1");
  static const statement asked("UPDATE job SET cancel = max(cancel, 2) WHERE seq = $1");
  return done(c.execute(runs ? asked : removed, {number(seq)}));
}

result<void> save_stall(store::connection& c, const stall_row& row) {
  static const statement sql(
      "UPDATE job SET stalls = $2, starts = $3, started_at_ms = $4,"
      " cancel = CASE WHEN cancel = 0 THEN 0 ELSE 3 END WHERE seq = $1");
  return done(c.execute(
      sql, {number(row.seq), number(row.stalls), number(row.starts), number(row.started_at_ms)}));
}

result<void> save_paused(store::connection& c, std::string_view queue, bool paused) {
  static const statement sql(
      "INSERT INTO job_queue (name, paused) VALUES ($1, $2)"
      " ON CONFLICT (name) DO UPDATE SET paused = excluded.paused");
  return done(c.execute(sql, {value(queue), number(paused ? 1 : 0)}));
}

void start_list::add(std::int64_t seq, std::int64_t fence) {
  put_integer(bytes_, seq);
  put_integer(bytes_, fence);
}

void start_list::each(std::string_view bytes,
                      const std::function<void(std::int64_t, std::int64_t)>& visit) {
  for (; bytes.size() >= 16; bytes.remove_prefix(16))
    visit(get_integer(bytes), get_integer(bytes.substr(8)));
}

result<void> save_starts(store::connection& c, std::uint32_t slot, std::string_view worker,
                         std::int64_t at_ms, std::string_view jobs) {
  static const statement sql(
      "INSERT INTO job_start (slot, worker, at_ms, jobs) VALUES ($1, $2, $3, $4)"
      " ON CONFLICT (slot) DO UPDATE SET worker = excluded.worker, at_ms = excluded.at_ms,"
      " jobs = excluded.jobs");
  return done(
      c.execute(sql, {number(slot), value(worker), number(at_ms), value(store::blob{jobs})}));
}

result<void> clear_starts(store::connection& c) {
  static const statement sql("DELETE FROM job_start");
  return done(c.execute(sql, {}));
}

result<void> scan_rows(store::connection& c, std::int64_t after_seq, std::int64_t limit,
                       const std::function<void(const stored_row&)>& visit) {
  static const statement sql(
      "SELECT seq, queue, id, kind, state, priority, attempts, starts, stalls, cancel,"
      " added_at_ms, run_at_ms, finished_at_ms, options, has_log,"
      " traceparent IS NOT NULL OR checkpoint IS NOT NULL OR dedup IS NOT NULL, ready_at_ms, place,"
      " parent, grp, verdict, started_at_ms"
      " FROM job_now WHERE seq > $1 ORDER BY seq LIMIT $2");
  return c.query(sql, {number(after_seq), number(limit)}, [&](const store::row& r) {
    stored_row row;
    row.seq = r.integer(0);
    row.queue = r.text(1);
    row.id = r.text(2);
    row.kind = r.text(3);
    row.state = state_of(r.integer(4));
    row.priority = small(r, 5);
    row.attempts = small(r, 6);
    row.starts = small(r, 7);
    row.stalls = small(r, 8);
    row.cancel = static_cast<stored_cancel>(std::clamp<std::int64_t>(r.integer(9), 0, 3));
    row.added_at_ms = r.integer(10);
    row.run_at_ms = r.integer(11);
    row.finished_at_ms = r.integer(12);
    row.options = r.text(13);
    row.in_log = r.integer(14) != 0;
    row.on_disk_more = r.integer(15) != 0;
    row.ready_at_ms = r.integer(16);
    row.place = r.integer(17);
    row.parent = r.integer(18);
    row.group = r.text(19);
    row.verdict = r.text(20);
    row.started_at_ms = r.integer(21);
    visit(row);
    return true;
  });
}

result<void> scan_starts(store::connection& c,
                         const std::function<void(const stored_start&)>& visit) {
  static const statement sql("SELECT at_ms, jobs FROM job_start ORDER BY slot");
  return c.query(sql, {}, [&](const store::row& r) {
    start_list::each(r.text(1), [&, at = r.integer(0)](std::int64_t seq, std::int64_t fence) {
      visit({seq, fence, at});
    });
    return true;
  });
}

result<void> scan_paused(store::connection& c,
                         const std::function<void(std::string_view, bool)>& visit) {
  static const statement sql("SELECT name, paused FROM job_queue ORDER BY name");
  return c.query(sql, {}, [&](const store::row& r) {
    visit(r.text(0), r.integer(1) != 0);
    return true;
  });
}

result<stored_argument> read_argument(store::connection& c, std::int64_t seq) {
  static const statement sql(
      "SELECT data, checkpoint, traceparent, user_id, grp, dedup FROM job WHERE seq = $1");
  result<stored_argument> found = error(errc::not_found, {"no such job", "no existe el trabajo"});
  auto ok = c.query(sql, {number(seq)}, [&](const store::row& r) {
    const auto column = [&](int n) { return std::string(r.text(n)); };
    found = stored_argument{column(0), column(1), column(2), column(3), column(4), column(5)};
    return false;
  });
  if (!ok) return ok.error();
  return found;
}

result<job_view> read_view(store::connection& c, std::int64_t seq) {
  static const statement sql(
      "SELECT queue, id, kind, state, priority, attempts, starts, stalls, added_at_ms, run_at_ms,"
      " started_at_ms, finished_at_ms, options, traceparent, progress, note, error, result, data,"
      " user_id, grp, dedup, worker, parent_queue, parent_id, (SELECT count(*) FROM job_child"
      " WHERE parent = job_now.seq AND open = 1) FROM job_now WHERE seq = $1");
  static const statement lines("SELECT lines FROM job_log WHERE seq = $1 ORDER BY fence");
  job_view v;
  bool found = false;
  auto ok = c.query(sql, {number(seq)}, [&](const store::row& r) {
    found = true;
    v.queue = r.text(0);
    v.id = r.text(1);
    v.kind = r.text(2);
    v.state = state_of(r.integer(3));
    v.options = decode_options(r.text(12));
    v.options.priority = small(r, 4);
    v.options.traceparent = r.text(13);
    v.attempts_made = small(r, 5);
    v.starts = r.integer(6);
    v.stalls = small(r, 7);
    v.added_at_ms = r.integer(8);
    v.run_at_ms = r.integer(9);
    v.started_at_ms = r.integer(10);
    v.finished_at_ms = r.integer(11);
    v.progress = {small(r, 14), std::string(r.text(15))};
    v.error = decode_error(r.text(16));
    v.result = r.text(17);
    v.data = r.text(18);
    v.user = r.text(19);
    v.options.group = r.text(20);
    v.options.dedup.id = r.text(21);
    v.worker = r.text(22);
    if (!r.is_null(24)) v.parent = job_ref{std::string(r.text(23)), std::string(r.text(24))};
    v.children_left = small(r, 25);
    return false;
  });
  if (!ok) return ok.error();
  if (!found) return error(errc::not_found, {"no such job", "no existe el trabajo"});
  ok = c.query(lines, {number(seq)}, [&](const store::row& r) {
    split_lines(r.text(0), v.logs);
    return true;
  });
  if (!ok) return ok.error();
  keep_newest(v.logs, v.options.keep_logs);
  return v;
}

std::optional<job_error> decode_error(std::string_view text) {
  if (text.empty()) return std::nullopt;
  boost::system::error_code ec;
  const auto parsed = boost::json::parse({text.data(), text.size()}, ec);
  job_error e;
  if (ec || !parsed.is_object()) return e;
  const auto& in = parsed.get_object();
  const auto string = [&](const char* name) {
    const auto* s = in.if_contains(name);
    return s != nullptr && s->is_string() ? std::string(s->get_string()) : std::string();
  };
  e.code = string("code");
  e.message = string("message");
  const auto* retryable = in.if_contains("retryable");
  e.retryable = retryable != nullptr && retryable->is_bool() && retryable->get_bool();
  return e;
}

std::string encode_error(const job_error& e) {
  return boost::json::serialize(
      boost::json::object{{"code", e.code}, {"message", e.message}, {"retryable", e.retryable}});
}

}  // namespace son1k::queue::embedded
