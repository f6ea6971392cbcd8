#include "queue/history/postgres/postgres_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/utf8.hpp"
#include "queue/history/fingerprint.hpp"
#include "queue/history/history_rows.hpp"
#include "queue/history/places.hpp"
#include "queue/history/postgres/postgres_words.hpp"

namespace son1k::queue {
namespace {

using store::connection;
using store::row;
using store::statement;

constexpr std::int64_t slice_rows = 512;  // a search compares as many without the index, or fewer
constexpr std::int64_t long_rows_min = 16'384;
constexpr std::int64_t long_rows_max = 131'072;
constexpr std::int64_t longs_of_full = 64;
// Where rows are gone a span is longer than its rows.
constexpr std::int64_t slice_span_max = place_span_max / 512;
constexpr std::int64_t long_span_min = place_span_max / 2;
constexpr int join_slices = 8;  // of all words, one a commit
constexpr std::uint64_t join_step = 1ULL << 61;
static_assert(join_step * (join_slices - 1) + (join_step - 1) ==
              std::numeric_limits<std::uint64_t>::max());

// Of this program, in whatever database it is.
const statement sql_turn{"SELECT pg_advisory_xact_lock(7166029614381261165)"};
const statement sql_claim{
    "INSERT INTO history_duty (name, at_ms) VALUES ($1, $2) ON CONFLICT (name) "
    "DO UPDATE SET at_ms = excluded.at_ms WHERE history_duty.at_ms <= $2 - $3"};
const statement sql_release{"UPDATE history_duty SET at_ms = 0 WHERE name = $1"};
const statement sql_rows{
    "SELECT queue, id, seq, added_at_ms, fence, ended_at_ms, dead, fingerprint FROM history "
    "WHERE job_key = ANY(CAST($1 AS BIGINT[]))"};
const statement sql_parts{
    "SELECT first_seq, last_seq, rows, long, joined FROM history_part ORDER BY first_seq DESC"};
const statement sql_enough{
    "SELECT count(*) FROM (SELECT 1 FROM history WHERE seq > $1 AND seq <= $2 LIMIT $3) AS enough"};
const statement sql_beyond{"SELECT 1 FROM history WHERE seq > $1 LIMIT 1"};
const statement& sql_slice() {
  static const statement sql(fmt::format(
      "SELECT {} FROM history h WHERE h.seq > $1 AND h.seq <= $2 ORDER BY h.seq LIMIT $3",
      history_columns_to_index));
  return sql;
}
const statement sql_add_words{
    "INSERT INTO history_word (word, first_seq, places) SELECT w, $2, decode(p, 'hex') "
    "FROM unnest(CAST($1 AS BIGINT[]), CAST($3 AS TEXT[])) AS t(w, p)"};
const statement sql_add_part{
    "INSERT INTO history_part (first_seq, last_seq, rows, long, joined) "
    "VALUES ($1, $2, $3, $4, $5)"};
const statement sql_remove_parts{
    "DELETE FROM history_part WHERE first_seq >= $1 AND first_seq <= $2"};
// By span alone: the index over words would go through those of all spans.
const statement sql_join{
    "WITH gone AS (DELETE FROM history_word WHERE first_seq >= $1 AND first_seq <= $2 "
    "AND word + 0 >= $3 AND word + 0 <= $4 RETURNING word, first_seq, places) "
    "INSERT INTO history_word (word, first_seq, places) SELECT word, $1, "
    "string_agg(places, CAST('' AS BYTEA) ORDER BY first_seq) FROM gone GROUP BY word"};
const statement sql_joined{"UPDATE history_part SET joined = $2 WHERE first_seq = $1"};
const statement sql_is_joined{"UPDATE history_part SET joined = NULL WHERE first_seq = $1"};
const statement sql_has_rows{"SELECT 1 FROM history WHERE seq <= $1 LIMIT 1"};
const statement sql_remove_words{
    "DELETE FROM history_word WHERE first_seq >= $1 AND first_seq <= $2"};

struct stored_part {
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
  std::int64_t rows = 0;
  bool is_long = false;
  std::optional<std::int64_t> joined;
};

result<std::vector<stored_part>> parts_in(connection& c) {
  std::vector<stored_part> out;
  auto looked = c.query(sql_parts, {}, [&](const row& r) {
    stored_part part{r.integer(0), r.integer(1), r.integer(2), r.integer(3) != 0, {}};
    if (!r.is_null(4)) part.joined = r.integer(4);
    out.push_back(part);
    return true;
  });
  if (!looked) return looked.error();
  return out;
}

// The words of some rows with their places.
class word_lists {
 public:
  void add(std::int64_t seq, const std::string& words) {
    std::set<std::int64_t> once;
    for (std::size_t at = 0; at < words.size();) {
      const auto end = std::min(words.find(' ', at), words.size());
      const auto word = std::string_view(words).substr(at, end - at);
      at = end + 1;
      // The index over job_key serves ids.
      if (!id_hash_in(word)) once.insert(word_key(word));
    }
    for (const auto key : once) append_place(lists_[key], seq);
  }

  result<void> write(connection& c, std::int64_t first_seq) const {
    std::string keys;
    std::string places;
    for (const auto& [key, list] : lists_) {
      fmt::format_to(std::back_inserter(keys), "{}{}", keys.empty() ? "{" : ",", key);
      places += places.empty() ? '{' : ',';
      boost::algorithm::hex_lower(list.begin(), list.end(), std::back_inserter(places));
    }
    if (lists_.empty()) return {};
    keys += '}';
    places += '}';
    return c.send(sql_add_words, {std::string_view(keys), first_seq, std::string_view(places)});
  }

 private:
  std::map<std::int64_t, std::string> lists_;
};

// Some of the words of a join that is under way. True: it goes on.
result<bool> join_some(connection& c, const stored_part& part) {
  constexpr auto top = std::numeric_limits<std::int64_t>::max();
  const auto first = *part.joined;
  const auto last = static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + (join_step - 1));
  if (auto ok = c.send(sql_join, {part.first_seq, part.last_seq, first, last}); !ok) {
    return ok.error();
  }
  if (last == top) {
    if (auto ok = c.send(sql_is_joined, {part.first_seq}); !ok) return ok.error();
    return false;
  }
  if (auto ok = c.send(sql_joined, {part.first_seq, last + 1}); !ok) return ok.error();
  return true;
}

// Makes one span of the short ones once they are long enough together. True: words are to be
// joined.
result<bool> begin_join(connection& c, const std::vector<stored_part>& parts,
                        std::int64_t part_rows) {
  std::int64_t rows = 0;
  std::size_t count = 0;
  while (count < parts.size() && !parts[count].is_long) rows += parts[count++].rows;
  if (count == 0) return false;
  const auto first = parts[count - 1].first_seq;
  const auto last = parts.front().last_seq;
  if (rows < part_rows && last - first < long_span_min) return false;
  if (auto ok = c.send(sql_remove_parts, {first, last}); !ok) return ok.error();
  store::value joined = std::monostate();
  if (count > 1) joined = std::numeric_limits<std::int64_t>::min();
  if (auto ok = c.send(sql_add_part, {first, last, rows, 1L, joined}); !ok) return ok.error();
  return count > 1;
}

class tables final : public history_tables {
 public:
  void clean(std::string& text) const override { keep_readable(text); }

  result<void> take_turn(connection& c) const override {
    if (auto ok = c.query(sql_turn, {}, [](const row&) { return false; }); !ok) return ok;
    return plan_by_index(c);
  }

  result<bool> claim_duty(connection& c, std::string_view name, std::int64_t now_ms,
                          std::int64_t every_ms) const override {
    auto changed = c.execute(sql_claim, {name, now_ms, every_ms});
    if (!changed) return changed.error();
    return *changed == 1;
  }
  result<void> release_duty(connection& c, std::string_view name) const override {
    return c.send(sql_release, {name});
  }

  result<std::vector<ended_row>> find_rows(connection& c,
                                           std::span<const job_ref> jobs) const override;
  index_pace pace(std::int64_t rows) const override {
    return {slice_rows, slice_rows, std::clamp(rows / longs_of_full, long_rows_min, long_rows_max)};
  }
  result<bool> index_rows(connection& c, const index_pace& how) const override;
  result<void> drop_spent_part(connection& c) const override;
  result<std::vector<index_part>> read_parts(connection& c) const override {
    return spans_of_words(c);
  }
  result<void> visit_candidates(connection& c, const word_query& words, std::int64_t before_seq,
                                const std::function<bool(const row&)>& on_row) const override {
    return visit_by_words(c, words, before_seq, on_row);
  }
};

result<std::vector<ended_row>> tables::find_rows(connection& c,
                                                 std::span<const job_ref> jobs) const {
  std::vector<ended_row> out;
  std::set<std::pair<std::string_view, std::string_view>> wanted;
  std::vector<std::int64_t> keys;
  for (const auto& job : jobs) {
    wanted.emplace(job.queue, job.id);
    keys.push_back(static_cast<std::int64_t>(hash_of(job.id)));
  }
  if (jobs.empty()) return out;
  const auto list = list_of(keys);
  auto looked = c.query(sql_rows, {std::string_view(list)}, [&](const row& r) {
    if (!wanted.contains({r.text(0), r.text(1)})) return true;
    out.push_back({{std::string(r.text(0)), std::string(r.text(1))},
                   r.integer(2),
                   r.integer(3),
                   r.integer(4),
                   r.integer(5),
                   r.integer(6) != 0,
                   std::string(r.text(7))});
    return true;
  });
  if (!looked) return looked.error();
  return out;
}

result<bool> tables::index_rows(connection& c, const index_pace& how) const {
  if (auto turn = take_turn(c); !turn) return turn.error();
  auto parts = parts_in(c);
  if (!parts) return parts.error();
  for (const auto& part : *parts) {
    if (part.joined) {
      auto goes_on = join_some(c, part);
      if (!goes_on) return goes_on;
      return true;
    }
  }
  const auto indexed = parts->empty() ? 0 : parts->front().last_seq;
  const auto end = indexed + slice_span_max;
  const auto count_of = [&c](const statement& sql, std::initializer_list<store::value> params) {
    std::int64_t count = 0;
    auto looked = c.query(sql, params, [&](const row& r) { return count = r.integer(0), false; });
    return looked ? result<std::int64_t>(count) : result<std::int64_t>(looked.error());
  };
  const auto there = count_of(sql_enough, {indexed, end, how.slice});
  if (!there) return there.error();
  const auto beyond = *there < how.slice ? count_of(sql_beyond, {end}) : there;
  if (!beyond) return beyond.error();
  if (*there < how.slice_min && *beyond == 0) return false;
  word_lists lists;
  stored_part part{
      indexed + 1, *there < how.slice && *beyond != 0 ? end : indexed, *there, false, {}};
  auto looked = c.query(sql_slice(), {indexed, end, how.slice}, [&](const row& r) {
    auto job = read_row(r);
    read_data(r, job);
    lists.add(job.seq, index_words(job));
    part.last_seq = std::max(part.last_seq, job.seq);
    return true;
  });
  if (!looked) return looked.error();
  if (part.last_seq == indexed) return false;
  if (auto ok = lists.write(c, part.first_seq); !ok) return ok.error();
  auto noted =
      c.send(sql_add_part, {part.first_seq, part.last_seq, part.rows, 0L, std::monostate()});
  if (!noted) return noted.error();
  parts->insert(parts->begin(), part);
  auto joins = begin_join(c, *parts, how.part_rows);
  if (!joins) return joins;
  return *joins || *there == how.slice;
}

result<void> tables::drop_spent_part(connection& c) const {
  if (auto turn = take_turn(c); !turn) return turn;
  auto parts = parts_in(c);
  if (!parts) return parts.error();
  if (parts->size() < 2) return {};
  const auto& oldest = parts->back();
  bool has_rows = false;
  auto looked = c.query(sql_has_rows, {oldest.last_seq}, [&](const row&) {
    has_rows = true;
    return false;
  });
  if (!looked || has_rows) return looked;
  if (auto ok = c.send(sql_remove_words, {oldest.first_seq, oldest.last_seq}); !ok) return ok;
  return c.send(sql_remove_parts, {oldest.first_seq, oldest.last_seq});
}

}  // namespace

const history_tables& postgres_history() {
  static const tables one;
  return one;
}

}  // namespace son1k::queue
