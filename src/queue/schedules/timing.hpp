// When a schedule runs: a cron pattern in a time zone, or every n milliseconds. Pure, but for the
// machine's time zone tables. Thread-safe.
//
// Where clocks change, a pattern that leaves out hours of the day keeps to the day: times that
// clocks skip run once, right when they have been put forward; times that clocks show twice run the
// first time only. A pattern that runs in all 24 hours keeps to real time: skipped times are no
// times, and times shown twice run twice.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "queue/schedules/cron.hpp"
#include "queue/schedules/zone.hpp"

namespace son1k::queue {

inline constexpr std::int64_t every_ms_min = 1'000;
inline constexpr std::int64_t every_ms_max = 10LL * 366 * 86'400'000;
inline constexpr std::size_t preview_max = 100;
// Times beyond are refused: 1 January 3000.
inline constexpr std::int64_t time_ms_max = 32'503'680'000'000;

class timing {
 public:
  // validation: field "cron" or "zone".
  static result<timing> by_cron(std::string_view pattern, std::string_view zone_name);
  // At `anchor_ms` and every `every_ms` before and after. validation: field "every".
  static result<timing> by_interval(std::int64_t every_ms, std::int64_t anchor_ms);

  // The first time after `after_ms`. Nothing: there is none before time_ms_max.
  std::optional<std::int64_t> next(std::int64_t after_ms) const;
  // The first `count` times after `after_ms`, preview_max at most.
  std::vector<std::int64_t> preview(std::int64_t after_ms, std::size_t count) const;

 private:
  struct calendar {
    cron pattern;
    zone where;
  };
  std::optional<std::int64_t> next_by_day(std::int64_t after) const;
  std::optional<std::int64_t> next_by_real_time(std::int64_t after) const;

  std::optional<calendar> calendar_;
  std::int64_t every_ms_ = 0;
  std::int64_t anchor_ms_ = 0;
};

}  // namespace son1k::queue
