#include "accounts/quota/periods.hpp"

#include <chrono>

#include "base/clock.hpp"

namespace son1k::accounts {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;

sys_days begin_of_day(std::int64_t now_ms) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<milliseconds>(milliseconds(now_ms)));
}

std::int64_t ms_of(sys_days at) {
  return std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

std::string day_of(std::int64_t now_ms) {
  return std::string(iso_time(now_ms).chars, 10);
}

std::int64_t next_day_ms(std::int64_t now_ms) {
  return ms_of(begin_of_day(now_ms) + std::chrono::days(1));
}

std::int64_t next_month_ms(std::int64_t now_ms) {
  const std::chrono::year_month_day today(begin_of_day(now_ms));
  const auto next = today.year() / today.month() + std::chrono::months(1);
  return ms_of(sys_days(next / std::chrono::day(1)));
}

}  // namespace son1k::accounts
