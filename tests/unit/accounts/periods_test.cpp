#include "accounts/quota/periods.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace son1k::accounts {
namespace {

std::string iso(std::int64_t ms) {
  return iso_time(ms).chars;
}

TEST(quota_periods, days_and_months_turn_at_midnight_utc) {
  const auto last = *parse_iso_time("2026-12-31T23:59:59.999");
  EXPECT_EQ(day_of(last), "2026-12-31");
  EXPECT_EQ(month_of(day_of(last)), "2026-12");
  EXPECT_EQ(iso(next_day_ms(last)), "2027-01-01T00:00:00.000Z");
  EXPECT_EQ(iso(next_month_ms(last)), "2027-01-01T00:00:00.000Z");
  EXPECT_EQ(day_of(last + 1), "2027-01-01");
  EXPECT_EQ(iso(next_day_ms(last + 1)), "2027-01-02T00:00:00.000Z");
  EXPECT_EQ(iso(next_month_ms(last + 1)), "2027-02-01T00:00:00.000Z");
}

TEST(quota_periods, february_has_its_length) {
  EXPECT_EQ(iso(next_day_ms(*parse_iso_time("2028-02-28"))), "2028-02-29T00:00:00.000Z");
  EXPECT_EQ(iso(next_month_ms(*parse_iso_time("2028-01-31"))), "2028-02-01T00:00:00.000Z");
}

}  // namespace
}  // namespace son1k::accounts
