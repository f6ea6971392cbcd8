// The port between the lasting history and its database: who may write, how many jobs are looked up
// at once, and the index of words. What a row is, history_rows.hpp says; the tables have the same
// columns everywhere. Rows are indexed behind the writing of them, so the newest may stand in no
// part of the index yet.
//
// Stateless and thread-safe; called inside a step or a read of the history's database.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/history/terms.hpp"
#include "queue/job.hpp"
#include "store/database.hpp"

namespace son1k::queue {

// A job's row, as far as writers need it.
struct ended_row {
  job_ref job;
  std::int64_t seq = 0;
  std::int64_t added_at_ms = 0;
  std::int64_t fence = 0;
  std::int64_t ended_at_ms = 0;
  bool dead = false;
  std::string fingerprint;
};

// How the index grows: `slice` rows at once, not before `slice_min` are there. A part that holds
// about `part_rows` places gives way to the next.
struct index_pace {
  std::int64_t slice = 0;
  std::int64_t slice_min = 1;
  std::int64_t part_rows = 0;
};

// A span of places that the index covers.
struct index_part {
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
};

class history_tables {
 public:
  virtual ~history_tables() = default;

  // Makes of a text one that the database keeps and can be asked for.
  virtual void clean(std::string& text) const = 0;

  // First in every step that writes: until its commit nobody else writes to the history. May be
  // called again.
  virtual result<void> take_turn(store::connection& c) const = 0;
  // Whether the caller is the one to do what one program does for all of them: nobody else has
  // claimed it for `every_ms`. release_duty() lets the next one have it at once.
  virtual result<bool> claim_duty(store::connection& c, std::string_view name, std::int64_t now_ms,
                                  std::int64_t every_ms) const = 0;
  virtual result<void> release_duty(store::connection& c, std::string_view name) const = 0;
  // The row of each of the jobs that has one, in any order.
  virtual result<std::vector<ended_row>> find_rows(store::connection& c,
                                                   std::span<const job_ref> jobs) const = 0;

  // For a history that keeps `rows` rows.
  virtual index_pace pace(std::int64_t rows) const = 0;
  // Indexes some rows, or puts the index in order; true if there is more to do at once.
  virtual result<bool> index_rows(store::connection& c, const index_pace& how) const = 0;
  // Empties the oldest part if all its rows are gone; the newest stays.
  virtual result<void> drop_spent_part(store::connection& c) const = 0;
  // From the newest.
  virtual result<std::vector<index_part>> read_parts(store::connection& c) const = 0;

  // Calls `on_row` for the rows that may match, from the newest before `before_seq`, until it
  // returns false: rows that no part covers yet, all of them, then those that the index finds.
  // history_columns tells what a row is.
  virtual result<void> visit_candidates(
      store::connection& c, const word_query& words, std::int64_t before_seq,
      const std::function<bool(const store::row&)>& on_row) const = 0;
};

}  // namespace son1k::queue
