// The days and months by which quotas are counted: UTC, as text ("2026-11-23", "2026-11"). Pure
// functions; thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace son1k::accounts {

std::string day_of(std::int64_t now_ms);
inline std::string_view month_of(std::string_view day) {
  return day.substr(0, 7);
}
// When the next one begins, in UTC milliseconds.
std::int64_t next_day_ms(std::int64_t now_ms);
std::int64_t next_month_ms(std::int64_t now_ms);

}  // namespace son1k::accounts
