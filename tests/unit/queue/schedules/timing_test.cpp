// Patterns in time zones, over the days on which clocks change.
#include "queue/schedules/timing.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"

namespace son1k::queue {
namespace {

// "2026-03-29T00:30:00.000Z"
std::int64_t utc(int y, int mo, int d, int h, int mi = 0, int s = 0) {
  const auto date = std::chrono::year(y) / mo / d;
  const auto day = std::chrono::sys_days(date).time_since_epoch().count();
  return (day * 86'400LL + h * 3'600 + mi * 60 + s) * 1'000;
}

std::vector<std::string> runs(const char* pattern, const char* where, std::int64_t after,
                              std::size_t count) {
  const auto when = timing::by_cron(pattern, where);
  if (!when) return {when.error().what()};
  std::vector<std::string> out;
  for (const auto at : when->preview(after, count)) {
    out.push_back(std::string(iso_time(at).chars).substr(5, 11));
  }
  return out;
}
using list = std::vector<std::string>;

// Madrid: on 29 March 2026 02:00 becomes 03:00 (01:00 UTC), on 25 October 03:00 becomes 02:00.
const auto before_spring = utc(2026, 3, 28, 23, 59);
const auto before_autumn = utc(2026, 10, 24, 22, 59);

TEST(timing, a_daily_run_in_the_spring_gap_happens_once_right_after_it) {
  EXPECT_EQ(runs("30 2 * * *", "Europe/Madrid", before_spring, 2),
            (list{"03-29T01:00", "03-30T00:30"}));
  // All four quarters of the lost hour are one run.
  EXPECT_EQ(runs("*/15 2 * * *", "Europe/Madrid", before_spring, 3),
            (list{"03-29T01:00", "03-30T00:00", "03-30T00:15"}));
  // The run that is due at that moment anyway is the same run.
  EXPECT_EQ(runs("30 2,3 * * *", "Europe/Madrid", before_spring, 2),
            (list{"03-29T01:00", "03-29T01:30"}));
  EXPECT_EQ(runs("0 2,3 * * *", "Europe/Madrid", before_spring, 2),
            (list{"03-29T01:00", "03-30T00:00"}));
}

TEST(timing, a_daily_run_in_the_repeated_hour_happens_once) {
  EXPECT_EQ(runs("30 2 * * *", "Europe/Madrid", before_autumn, 2),
            (list{"10-25T00:30", "10-26T01:30"}));
  // Each of its times does.
  EXPECT_EQ(runs("*/20 2 * * *", "Europe/Madrid", before_autumn, 4),
            (list{"10-25T00:00", "10-25T00:20", "10-25T00:40", "10-26T01:00"}));
  // Asked in the second showing of the hour, nothing of it is left.
  EXPECT_EQ(runs("*/10 2 * * *", "Europe/Madrid", utc(2026, 10, 25, 1, 5), 1),
            (list{"10-26T01:00"}));
  EXPECT_EQ(runs("0 2,3 * * *", "Europe/Madrid", before_autumn, 3),
            (list{"10-25T00:00", "10-25T02:00", "10-26T01:00"}));
}

TEST(timing, a_pattern_of_all_hours_keeps_to_real_time) {
  EXPECT_EQ(runs("30 * * * *", "Europe/Madrid", before_spring, 3),
            (list{"03-29T00:30", "03-29T01:30", "03-29T02:30"}));
  EXPECT_EQ(runs("0 * * * *", "Europe/Madrid", before_autumn, 4),
            (list{"10-24T23:00", "10-25T00:00", "10-25T01:00", "10-25T02:00"}));
}

TEST(timing, midnight_may_be_the_time_that_is_skipped) {
  // Santiago: on 6 September 2026 00:00 becomes 01:00 (04:00 UTC).
  EXPECT_EQ(runs("@daily", "America/Santiago", utc(2026, 9, 5, 5), 2),
            (list{"09-06T04:00", "09-07T03:00"}));
  // On 5 April 00:00 becomes 23:00 of the day before: that hour comes twice.
  EXPECT_EQ(runs("30 23 * * *", "America/Santiago", utc(2026, 4, 4, 12), 2),
            (list{"04-05T02:30", "04-06T03:30"}));
}

TEST(timing, half_an_hour_may_be_skipped_and_repeated) {
  // Lord Howe: on 4 October 2026 02:00 becomes 02:30 (15:30 UTC of the 3rd), on 5 April 02:00
  // becomes 01:30 (15:00 UTC of the 4th).
  EXPECT_EQ(runs("15 2 * * *", "Australia/Lord_Howe", utc(2026, 10, 3, 0), 2),
            (list{"10-03T15:30", "10-04T15:15"}));
  EXPECT_EQ(runs("45 1 * * *", "Australia/Lord_Howe", utc(2026, 4, 4, 0), 2),
            (list{"04-04T14:45", "04-05T15:15"}));
  EXPECT_EQ(runs("*/30 * * * *", "Australia/Lord_Howe", utc(2026, 4, 4, 14, 29), 4),
            (list{"04-04T14:30", "04-04T15:00", "04-04T15:30", "04-04T16:00"}));
}

TEST(timing, a_day_that_a_zone_left_out_is_made_up_for) {
  // Samoa had no 30 December 2011: it crossed the date line.
  EXPECT_EQ(runs("0 12 30 12 *", "Pacific/Apia", utc(2011, 12, 1, 0), 1), (list{"12-30T10:00"}));
}

TEST(timing, an_interval_counts_from_its_anchor) {
  const auto every = timing::by_interval(90'000, 1'000'000);
  ASSERT_TRUE(every);
  EXPECT_EQ(every->next(999'999), 1'000'000);
  EXPECT_EQ(every->next(1'000'000), 1'090'000);
  EXPECT_EQ(every->next(1'089'999), 1'090'000);
  EXPECT_EQ(every->next(0), 10'000);
}

TEST(timing, what_is_wrong_is_named) {
  EXPECT_EQ(timing::by_cron("* * * * *", "Mars/Olympus").error().field, "zone");
  EXPECT_EQ(timing::by_cron("* * * * *", "").error().field, "zone");
  EXPECT_EQ(timing::by_cron("* * * * *", "../../etc/passwd").error().field, "zone");
  EXPECT_EQ(timing::by_cron("* * * * *", "localtime").error().field, "zone");
  EXPECT_EQ(timing::by_cron("x", "UTC").error().field, "cron");
  EXPECT_EQ(timing::by_interval(999, 0).error().field, "every");
  EXPECT_EQ(timing::by_interval(every_ms_max + 1, 0).error().field, "every");
}

TEST(timing, a_preview_is_bounded) {
  const auto when = timing::by_cron("* * * * * *", "UTC");
  EXPECT_EQ(when->preview(0, 1'000).size(), preview_max);
}

TEST(timing, there_is_an_end_of_time) {
  EXPECT_FALSE(timing::by_cron("@daily", "UTC")->next(time_ms_max));
  EXPECT_FALSE(timing::by_interval(every_ms_max, 0)->next(time_ms_max - 1));
}

}  // namespace
}  // namespace son1k::queue
