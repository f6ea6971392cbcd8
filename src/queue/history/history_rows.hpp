// The rows of the lasting history: how a run's record becomes rows, how rows become what people
// see, and how dead letters are counted. Called inside a step or a read of the history's database;
// stateless.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "queue/history/history.hpp"
#include "queue/history/history_tables.hpp"
#include "store/database.hpp"

namespace son1k::queue {

inline constexpr std::size_t history_result_bytes_max = 65'536;  // a longer one is left out
// Of a job that completed; the payload of one that failed is kept whole, for it may be replayed.
inline constexpr std::size_t history_data_bytes_max = 65'536;

// The records with texts that the database keeps.
std::vector<run_record> cleaned(const history_tables& tables, std::vector<run_record> records);

// Writes the records in order. A job that ended again takes the place of its earlier row, whose run
// joins the timeline. A record that is there already changes nothing.
result<void> write_records(const history_tables& tables, store::connection& c,
                           std::span<const run_record> records);

// The columns that read_row() expects, of a table with the alias `h`.
extern const std::string_view history_columns;
extern const std::string_view history_columns_to_index;  // those that index_words() looks at
// Without data, result and options, which read_wide() adds; `r` must be the same row.
found_job read_row(const store::row& r);
void read_data(const store::row& r, found_job& out);
void read_wide(const store::row& r, found_job& out);

// From the newest; nothing if the job never ended.
result<std::optional<found_job>> find_row(store::connection& c, const std::string& queue,
                                          const std::string& id);
// The earlier runs of a job, oldest first.
result<std::vector<past_run>> read_runs(store::connection& c, const std::string& queue,
                                        const std::string& id);
past_run last_run_of(const found_job& ended);

// Which of the jobs have a row that is as new as they are.
result<std::vector<bool>> are_known(const history_tables& tables, store::connection& c,
                                    std::span<const job_view> ended);

// The letters of these rows are dead no more; rows that are gone or not dead are passed over.
result<void> bury(const history_tables& tables, store::connection& c,
                  std::span<const std::int64_t> seqs);

// Removes at most `max` of the oldest rows with their runs: those that ended before `oldest_ms` and
// those that stand more than `keep` places behind the newest. How many went.
result<std::int64_t> trim_oldest(const history_tables& tables, store::connection& c,
                                 std::int64_t oldest_ms, std::int64_t keep, std::int64_t max);

// How many trim_oldest() would remove in all, nearly: rows are taken to lie in the order in which
// they ended.
result<std::int64_t> count_trimmable(store::connection& c, std::int64_t oldest_ms,
                                     std::int64_t keep);

struct dead_group {
  std::string fingerprint;
  std::string queue;
  std::string kind;
  std::int64_t letters = 0;
  std::int64_t first_at_ms = 0;
  std::int64_t last_at_ms = 0;
  std::int64_t last_seq = 0;
  job_error sample;  // of the newest
};
// Of all groups.
result<std::vector<letters_of_queue>> count_letters(store::connection& c);
// Those whose newest letter is older than `before_seq`, from the newest.
result<std::vector<dead_group>> read_groups(store::connection& c, std::int64_t before_seq,
                                            std::size_t limit);
result<std::optional<dead_group>> read_group(store::connection& c, const std::string& fingerprint);
// The letters of a group before a place, from the newest.
result<std::vector<found_job>> read_letters(store::connection& c, const std::string& fingerprint,
                                            std::int64_t before_seq, std::size_t limit);

}  // namespace son1k::queue
