// What cron patterns mean and how wrong ones are refused.
#include "queue/schedules/cron.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace son1k::queue {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;

struct stamp {
  int y, mo, d, h = 0, mi = 0, s = 0;
};
std::int64_t local(const stamp& t) {
  const auto date = year(t.y) / t.mo / t.d;
  return sys_days(date).time_since_epoch().count() * 86'400LL + t.h * 3'600 + t.mi * 60 + t.s;
}

struct match_row {
  const char* pattern;
  stamp from;
  stamp next;
};

TEST(cron, the_next_match_is_at_or_after_the_given_time) {
  const match_row rows[] = {
      {"* * * * *", {2026, 1, 1, 0, 0, 1}, {2026, 1, 1, 0, 1, 0}},
      {"* * * * *", {2026, 1, 1, 0, 1, 0}, {2026, 1, 1, 0, 1, 0}},
      {"* * * * * *", {2026, 1, 1, 23, 59, 59}, {2026, 1, 1, 23, 59, 59}},
      {"30 5 4 * * *", {2026, 1, 1}, {2026, 1, 1, 4, 5, 30}},
      {"*/20 * * * * *", {2026, 1, 1, 0, 0, 41}, {2026, 1, 1, 0, 1, 0}},
      {"5 4 * * *", {2026, 1, 1, 4, 6, 0}, {2026, 1, 2, 4, 5, 0}},
      {"0 0 1 1 *", {2026, 1, 1, 0, 0, 1}, {2027, 1, 1}},
      {"0 22 * * 1-5", {2026, 11, 20, 22, 1}, {2026, 11, 23, 22, 0}},
      {"23 0-20/2 * * *", {2026, 1, 1, 20, 24}, {2026, 1, 2, 0, 23}},
      {"0 0,12 1 */2 *", {2026, 1, 1, 12, 1}, {2026, 3, 1}},
      {"0 4 8-14 * *", {2026, 5, 15}, {2026, 6, 8, 4}},
      {"0 0 * * sun", {2026, 11, 23}, {2026, 11, 29}},
      {"0 0 * * 7", {2026, 11, 23}, {2026, 11, 29}},
      {"0 0 * * 7/2", {2026, 11, 23}, {2026, 11, 29}},
      {"0 0 * * sat-sun", {2026, 11, 23}, {2026, 11, 28}},
      {"0 0 * * Sat-Sun", {2026, 11, 28, 1}, {2026, 11, 29}},
      {"0 0 * * 5-7", {2026, 11, 28, 1}, {2026, 11, 29}},
      {"0 0 * * 6/1", {2026, 11, 29}, {2026, 12, 5}},
      {"0 0 1 FEB,Dec *", {2026, 3, 1}, {2026, 12, 1}},
      {"0 0 29 2 *", {2026, 1, 1}, {2028, 2, 29}},
      {"0 0 29 2 *", {2096, 3, 1}, {2104, 2, 29}},
      {"0 0 31 * *", {2026, 4, 1}, {2026, 5, 31}},
      {"0 0 L * *", {2026, 2, 1}, {2026, 2, 28}},
      {"0 0 l * ?", {2028, 2, 1}, {2028, 2, 29}},
      {"0 0 15,L * *", {2026, 4, 16}, {2026, 4, 30}},
      {"0 0 * * 5L", {2026, 11, 1}, {2026, 11, 27}},
      {"0 0 * * friL", {2026, 11, 28}, {2026, 12, 25}},
      {"0 0 ? * 7L", {2026, 11, 1}, {2026, 11, 29}},
      {"40/10 0 * * *", {2026, 1, 1, 0, 41}, {2026, 1, 1, 0, 50}},
      {"40/10 0 * * *", {2026, 1, 1, 0, 51}, {2026, 1, 2, 0, 40}},
      {"@yearly", {2026, 1, 2}, {2027, 1, 1}},
      {"@annually", {2026, 1, 2}, {2027, 1, 1}},
      {"@monthly", {2026, 1, 2}, {2026, 2, 1}},
      {"@weekly", {2026, 11, 23}, {2026, 11, 29}},
      {"@daily", {2026, 1, 1, 0, 0, 1}, {2026, 1, 2}},
      {"@MidNight", {2026, 1, 1, 0, 0, 1}, {2026, 1, 2}},
      {" \t@hourly ", {2026, 1, 1, 0, 0, 1}, {2026, 1, 1, 1}},
      {"0 0 1 1 *", {1969, 6, 1}, {1970, 1, 1}},
  };
  for (const auto& row : rows) {
    const auto parsed = cron::parse(row.pattern);
    ASSERT_TRUE(parsed) << row.pattern << ": " << parsed.error().what();
    EXPECT_EQ(parsed->next_local(local(row.from)), local(row.next)) << row.pattern;
  }
}

TEST(cron, either_day_field_is_enough_when_both_are_restricted) {
  // Friday the 13th does not mean what it seems to.
  const auto either = cron::parse("0 0 13 * fri");
  ASSERT_TRUE(either);
  EXPECT_EQ(either->next_local(local({2026, 11, 1})), local({2026, 11, 6}));
  EXPECT_EQ(either->next_local(local({2026, 11, 8})), local({2026, 11, 13}));
  EXPECT_EQ(either->next_local(local({2026, 12, 12})), local({2026, 12, 13}));
  // A field that begins with * restricts nothing, so the other one decides alone.
  const auto both = cron::parse("0 0 */2 * fri");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->next_local(local({2026, 11, 1})), local({2026, 11, 13}));
}

TEST(cron, names_of_months_and_days_count_in_any_case) {
  const auto pattern = cron::parse("0 0 * jAn-MAR mOn");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->next_local(local({2026, 3, 31})), local({2027, 1, 4}));
}

TEST(cron, only_patterns_of_all_hours_keep_to_real_time) {
  EXPECT_TRUE(cron::parse("*/5 * * * *")->every_hour());
  EXPECT_TRUE(cron::parse("0 0-23 * * *")->every_hour());
  EXPECT_TRUE(cron::parse("@hourly")->every_hour());
  EXPECT_FALSE(cron::parse("0 */2 * * *")->every_hour());
  EXPECT_FALSE(cron::parse("@daily")->every_hour());
}

TEST(cron, a_wrong_pattern_says_which_field_and_why) {
  struct row {
    std::string pattern;
    std::string en;
    std::string es;
  };
  const row rows[] = {
      {"", "5 fields", "5 campos"},
      {"* * * *", "it has 4", "tiene 4"},
      {"* * * * * * *", "it has 7", "tiene 7"},
      {"60 * * * *", "minute field \"60\": 60 is not in 0..59", "campo minuto"},
      {"* 24 * * *", "hour", "hora"},
      {"* * 0 * *", "day of month", "día del mes"},
      {"* * 32 * *", "32 is not in 1..31", "32 no está en 1..31"},
      {"* * * 13 *", "month", "mes"},
      {"* * * * 8", "day of week", "día de la semana"},
      {"61 * * * * *", "second", "segundo"},
      {"99999999999999999999 * * * *", "is not in 0..59", "no está"},
      {"a * * * *", "\"a\" is not a value", "no es un valor"},
      {"1, * * * *", "\"\" is not a value", "no es un valor"},
      {", * * * *", "is not a value", "no es un valor"},
      {"-1 * * * *", "is not a value", "no es un valor"},
      {"1-+2 * * * *", "is not a value", "no es un valor"},
      {"1--2 * * * *", "is not a value", "no es un valor"},
      {"1.5 * * * *", "is not a value", "no es un valor"},
      {"5-1 * * * *", "goes backwards", "va hacia atrás"},
      {"*/0 * * * *", "step \"0\" is not in 1..60", "paso"},
      {"*/61 * * * *", "step \"61\"", "paso"},
      {"*/ * * * *", "step \"\"", "paso"},
      {"*/2/3 * * * *", "step", "paso"},
      {"** * * * *", "is not a value", "no es un valor"},
      {"? * * * *", "is not a value", "no es un valor"},
      {"L * * * *", "is not a value", "no es un valor"},
      {"* * L/2 * *", "no step", "no admite paso"},
      {"* * * * L", "is not a value", "no es un valor"},
      {"0 0 30 2 *", "never fires", "nunca"},
      {"0 0 31 2,4,6,9,11 *", "never fires", "nunca"},
      {"@reboot", "@reboot", "ninguno"},
      {"@daily 1", "5 fields", "5 campos"},
      {"* * * * janu", "is not a value", "no es un valor"},
      {"* * * * *\n", "ASCII", "ASCII"},
      {"* * * * \xc3\xa9", "ASCII", "ASCII"},
      {std::string("* * * * *\0", 10), "ASCII", "ASCII"},
      {std::string(300, '*'), "at most 256", "como mucho 256"},
  };
  for (const auto& row : rows) {
    const auto parsed = cron::parse(row.pattern);
    ASSERT_FALSE(parsed) << row.pattern;
    const auto& e = parsed.error();
    EXPECT_EQ(e.code, errc::validation);
    EXPECT_EQ(e.field, "cron");
    EXPECT_NE(e.message.en.find(row.en), std::string::npos) << row.pattern << ": " << e.message.en;
    EXPECT_NE(e.message.es.find(row.es), std::string::npos) << row.pattern << ": " << e.message.es;
  }
}

TEST(cron, a_rare_day_is_not_a_day_that_never_comes) {
  for (const char* pattern : {"0 0 30 2 1", "0 0 29 2 *", "0 0 L 2 *", "0 0 31 2,3 *"}) {
    EXPECT_TRUE(cron::parse(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace son1k::queue
