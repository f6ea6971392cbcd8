// The span of time that figures are asked for: ?days=7|30|90 up to now, or ?from=…&to=…. Pure
// functions; thread-safe.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "api/parameters.hpp"

namespace son1k::api {

inline constexpr std::int64_t analytics_days_max = 92;  // also how long what is counted is kept
inline constexpr std::int64_t day_ms = 86'400'000;

// UTC milliseconds, from `from_ms` up to and without `to_ms`.
struct time_range {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;

  // Days since 1970 that the range touches: from the first up to and without the second.
  std::int64_t first_day() const { return from_ms / day_ms; }
  std::int64_t end_day() const { return (to_ms + day_ms - 1) / day_ms; }
  // Bounds of UUIDv7 ids that were made in the range or `slack_ms` around it, for the ids of rows
  // whose own time is looked at too.
  std::string first_id(std::int64_t slack_ms) const;
  std::string end_id(std::int64_t slack_ms) const;
};

// The last 30 days where nothing is asked for. validation: `days`, `from`, `to`; also a span of
// more than 92 days, or one that ends before it begins.
result<time_range> read_range(parameters& in, std::int64_t now_ms);

boost::json::object to_json(const time_range& range);
// "2026-11-23" of a day since 1970.
std::string day_text(std::int64_t day);

}  // namespace son1k::api
