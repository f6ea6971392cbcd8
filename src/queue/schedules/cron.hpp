// When something runs, written as cron writes it. A plain value; parsing and searching are pure.
//
// Five fields (minute hour day-of-month month day-of-week) or six with seconds first. Each field is
// a list of `*`, values, ranges `a-b` and steps `*/n`, `a-b/n`, `a/n` (from a to the end). Months
// and days have English names of three letters, in any case; 7 is Sunday as 0 is; `?` stands for
// `*` in the two day fields; `L` is the last day of the month, `5L` its last Friday. `@yearly`
// `@annually` `@monthly` `@weekly` `@daily` `@midnight` `@hourly`. As in Vixie's cron, where both
// day fields are restricted (do not begin with `*` or `?`) a day matches if either does.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace son1k::queue {

inline constexpr std::size_t cron_bytes_max = 256;

class cron {
 public:
  // validation, field "cron": the message names the part of the pattern and the reason; also for a
  // pattern without a day in any year (30 February).
  static result<cron> parse(std::string_view text);

  // The first match at or after `from`, both in seconds of a calendar without time zones (as if it
  // were UTC). Nothing: there is none in the next twelve years, which no parsed pattern has.
  std::optional<std::int64_t> next_local(std::int64_t from) const;

  // It runs in all 24 hours of a day: such patterns go by real time when clocks are changed.
  bool every_hour() const { return hours_ == 0xffffff; }

  // One field of a pattern: bit n stands for the value n.
  struct field {
    std::uint64_t values = 0;
    bool restricted = false;      // does not begin with `*` or `?`
    bool last = false;            // `L`
    std::uint64_t last_days = 0;  // `5L`: bit 5
  };

 private:
  bool matches_day(std::int64_t day) const;
  bool has_month(std::int64_t day) const;
  std::optional<std::int64_t> next_second_of_day(std::int64_t from) const;
  bool has_a_day() const;

  std::uint64_t seconds_ = 1;
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t months_ = 0;
  field days_;
  field week_days_;
};

}  // namespace son1k::queue
