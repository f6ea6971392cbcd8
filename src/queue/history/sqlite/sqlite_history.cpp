#include "queue/history/sqlite/sqlite_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "queue/history/fingerprint.hpp"
#include "queue/history/history_rows.hpp"

namespace son1k::queue {
namespace {

using store::connection;
using store::row;
using store::statement;

constexpr int word_tables = 16;
constexpr std::int64_t index_slice = 250;  // a search may wait for it
constexpr std::int64_t part_rows_min = 10'000;
constexpr std::int64_t parts_of_full = 12;  // fewer than there are tables, so that one is free

struct word_part {
  int slot = 0;
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
};

// The statements of one table of words.
struct table_statements {
  explicit table_statements(int slot)
      : insert(fmt::format("INSERT INTO history_words_{} (rowid, words) VALUES ($1, $2)", slot)),
        empty(fmt::format("INSERT INTO history_words_{0} (history_words_{0}) VALUES ('delete-all')",
                          slot)),
        find(fmt::format("SELECT {1} FROM history_words_{0} w CROSS JOIN history h "
                         "ON h.seq = w.rowid WHERE history_words_{0} MATCH $1 AND w.rowid < $2 "
                         "ORDER BY w.rowid DESC",
                         slot, history_columns)) {}
  statement insert;
  statement empty;
  statement find;
};

const table_statements& statements_of(int slot) {
  static const auto all = [] {
    std::deque<table_statements> list;
    for (int i = 0; i < word_tables; ++i) list.emplace_back(i);
    return list;
  }();
  return all[static_cast<std::size_t>(slot)];
}

const statement& sql_after() {
  static const statement sql(fmt::format(
      "SELECT {} FROM history h WHERE h.seq > $1 ORDER BY h.seq LIMIT $2", history_columns));
  return sql;
}
const statement& sql_between() {
  static const statement sql(
      fmt::format("SELECT {} FROM history h WHERE h.seq > $1 AND h.seq < $2 ORDER BY h.seq DESC",
                  history_columns));
  return sql;
}
const statement sql_parts{
    "SELECT slot, first_seq, last_seq FROM history_part ORDER BY last_seq DESC"};
const statement sql_set_part{
    "INSERT INTO history_part (slot, first_seq, last_seq) VALUES ($1, $2, $3) "
    "ON CONFLICT (slot) DO UPDATE SET last_seq = excluded.last_seq"};
const statement sql_remove_part{"DELETE FROM history_part WHERE slot = $1"};
const statement sql_ended{
    "SELECT seq, added_at_ms, fence, ended_at_ms, dead, fingerprint FROM history "
    "WHERE job_key = $1 AND queue = $2 AND id = $3"};
const statement sql_has_rows{"SELECT 1 FROM history WHERE seq <= $1 LIMIT 1"};

// The part that the next rows go to.
word_part active_part(const std::vector<word_part>& parts, std::int64_t part_rows) {
  if (parts.empty()) return {0, 1, 0};
  auto newest = parts.front();
  if (newest.last_seq - newest.first_seq + 1 < part_rows) return newest;
  const int slot = (newest.slot + 1) % word_tables;
  const bool taken = std::any_of(parts.begin(), parts.end(),
                                 [slot](const word_part& p) { return p.slot == slot; });
  // Rather a longer part than rows that are not found.
  return taken ? newest : word_part{slot, newest.last_seq + 1, newest.last_seq};
}

result<std::vector<word_part>> parts_in(connection& c) {
  std::vector<word_part> out;
  auto looked = c.query(sql_parts, {}, [&](const row& r) {
    out.push_back({static_cast<int>(r.integer(0)), r.integer(1), r.integer(2)});
    return true;
  });
  if (!looked) return looked.error();
  return out;
}

std::string any_of(const std::vector<std::string>& words) {
  if (words.size() == 1) return words.front();
  return fmt::format("({})", fmt::join(words, " OR "));
}

// In FTS5's language. It walks the first list and leaps through the others.
std::string expression_of(const word_query& words) {
  std::string out;
  for (const auto& part : words.all) out += (out.empty() ? "" : " AND ") + any_of(part);
  if (words.none.empty()) return out;
  return fmt::format("({}) NOT {}", out, fmt::join(words.none, " NOT "));
}

class tables final : public history_tables {
 public:
  void clean(std::string&) const override {}
  // The file has one writer.
  result<void> take_turn(connection&) const override { return {}; }
  result<bool> claim_duty(connection&, std::string_view, std::int64_t,
                          std::int64_t) const override {
    return true;
  }
  result<void> release_duty(connection&, std::string_view) const override { return {}; }

  result<std::vector<ended_row>> find_rows(connection& c,
                                           std::span<const job_ref> jobs) const override {
    std::vector<ended_row> out;
    for (const auto& job : jobs) {
      const auto key = static_cast<std::int64_t>(hash_of(job.id));
      auto looked = c.query(sql_ended, {key, job.queue, job.id}, [&](const row& r) {
        out.push_back({job, r.integer(0), r.integer(1), r.integer(2), r.integer(3),
                       r.integer(4) != 0, std::string(r.text(5))});
        return false;
      });
      if (!looked) return looked.error();
    }
    return out;
  }

  index_pace pace(std::int64_t rows) const override {
    return {index_slice, 1, std::max(part_rows_min, rows / parts_of_full)};
  }

  result<std::vector<index_part>> read_parts(connection& c) const override {
    auto parts = parts_in(c);
    if (!parts) return parts.error();
    std::vector<index_part> out;
    for (const auto& part : *parts) out.push_back({part.first_seq, part.last_seq});
    return out;
  }

  result<bool> index_rows(connection& c, const index_pace& how) const override;
  result<void> drop_spent_part(connection& c) const override;
  result<void> visit_candidates(connection& c, const word_query& words, std::int64_t before_seq,
                                const std::function<bool(const row&)>& on_row) const override;
};

result<bool> tables::index_rows(connection& c, const index_pace& how) const {
  auto parts = parts_in(c);
  if (!parts) return parts.error();
  auto part = active_part(*parts, how.part_rows);
  const auto& table = statements_of(part.slot);
  std::int64_t count = 0;
  result<void> written;
  auto looked = c.query(sql_after(), {part.last_seq, how.slice}, [&](const row& r) {
    auto job = read_row(r);
    read_data(r, job);
    auto ok = c.execute(table.insert, {job.seq, index_words(job)});
    if (!ok) written = ok.error();
    part.last_seq = job.seq;
    ++count;
    return written.has_value();
  });
  if (!looked) return looked.error();
  if (!written) return written.error();
  if (count == 0) return false;
  auto noted = c.execute(sql_set_part,
                         {static_cast<std::int64_t>(part.slot), part.first_seq, part.last_seq});
  if (!noted) return noted.error();
  return count == how.slice;
}

result<void> tables::drop_spent_part(connection& c) const {
  auto parts = parts_in(c);
  if (!parts) return parts.error();
  if (parts->size() < 2) return {};
  const auto oldest = parts->back();
  bool has_rows = false;
  auto looked = c.query(sql_has_rows, {oldest.last_seq}, [&](const row&) {
    has_rows = true;
    return false;
  });
  if (!looked || has_rows) return looked;
  if (auto ok = c.execute(statements_of(oldest.slot).empty, {}); !ok) return ok.error();
  if (auto ok = c.execute(sql_remove_part, {static_cast<std::int64_t>(oldest.slot)}); !ok) {
    return ok.error();
  }
  return {};
}

result<void> tables::visit_candidates(connection& c, const word_query& words,
                                      std::int64_t before_seq,
                                      const std::function<bool(const row&)>& on_row) const {
  auto parts = parts_in(c);
  if (!parts) return parts.error();
  bool goes_on = true;
  const auto visit = [&](const row& r) { return goes_on = on_row(r); };
  const std::int64_t indexed = parts->empty() ? 0 : parts->front().last_seq;
  if (before_seq > indexed + 1) {
    auto looked = c.query(sql_between(), {indexed, before_seq}, visit);
    if (!looked || !goes_on) return looked;
  }
  const auto expression = expression_of(words);
  for (const auto& part : *parts) {
    if (part.first_seq >= before_seq) continue;
    auto looked = c.query(statements_of(part.slot).find, {expression, before_seq}, visit);
    if (!looked || !goes_on) return looked;
  }
  return {};
}

}  // namespace

const history_tables& sqlite_history() {
  static const tables one;
  return one;
}

}  // namespace son1k::queue
