// What pieces tell in figures, counted by the database: how many of what, how long they waited and
// ran. Statements only; calls run inside a read, on the database's threads.
//
// A piece belongs to the moment it was asked for. Of one owner it is found by the key of the table
// (owner, id), of all owners by going from owner to owner along the same key: no figure needs an
// index of its own.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/analytics/time_range.hpp"
#include "store/database.hpp"

namespace son1k::api {

// Whose pieces count; an empty owner is everybody's.
struct piece_scope {
  std::string owner;
  time_range when;
};

// How many of one sort, by what became of them; milliseconds of finished sound.
struct piece_tally {
  std::string of;
  std::int64_t total = 0, completed = 0, failed = 0, cancelled = 0, open = 0, sound_ms = 0;
};

enum class piece_trait : std::uint8_t { day, quality, style, owner, failure };
inline constexpr std::int64_t tallies_max = 100;

// By day in order, and without those of no piece; by any other trait the most frequent first, at
// most `most` of them. `failure` is the error code of pieces that failed.
result<std::vector<piece_tally>> tally_pieces(store::connection& db, const piece_scope& which,
                                              piece_trait by, std::int64_t most = tallies_max);

// A span of time in many pieces, in milliseconds; percentiles by linear interpolation between the
// closest ranks (percentile_cont of SQL).
struct spread {
  std::int64_t count = 0, least = 0, most = 0, sum = 0;
  double p50 = 0, p90 = 0, p95 = 0, p99 = 0;
};
// From the request to the first start, from the first start to the end, and both.
struct piece_spreads {
  std::string of;
  spread wait, run, whole;
};
enum class spread_trait : std::uint8_t { none, day, quality };
// Sorted by `of`, which is empty for `none`.
result<std::vector<piece_spreads>> spread_pieces(store::connection& db, const piece_scope& which,
                                                 spread_trait by);

// How many of everybody's accounts asked for a piece.
result<std::int64_t> count_owners(store::connection& db, const time_range& when);

// The SQL behind the figures, for whoever looks how the database goes about it, with its
// parameters for `which`.
std::vector<std::string_view> piece_statements(bool of_one_owner);
std::vector<store::value> bound_values(const piece_scope& which, std::string& first_id,
                                       std::string& end_id);

}  // namespace son1k::api
