// The index of words over the history's rows: sixteen tables used in turn, each over a span of
// `seq`. Rows are indexed behind the writing of them, so the newest may be in no table yet.
// Stateless; called inside a step or a read of the history's database.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "queue/history/history.hpp"
#include "store/database.hpp"

namespace son1k::queue {

inline constexpr int word_tables = 16;

struct word_part {
  int slot = 0;
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
};
// From the newest.
result<std::vector<word_part>> read_parts(store::connection& c);

// Indexes at most `max` rows; how many. A part that holds `part_rows` places gives way to the next.
result<std::int64_t> index_rows(store::connection& c, std::int64_t max, std::int64_t part_rows);
// Empties the oldest part if all its rows are gone.
result<void> drop_spent_part(store::connection& c);

// Calls `on_row` for the rows that may match, from the newest before `before_seq`, until it returns
// false: rows that no part covers yet, all of them, then those that the index finds for
// `expression`. history_columns tells what a row is.
result<void> visit_candidates(store::connection& c, const std::string& expression,
                              std::int64_t before_seq,
                              const std::function<bool(const store::row&)>& on_row);

}  // namespace son1k::queue
