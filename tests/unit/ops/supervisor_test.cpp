// The supervisor's rules: how long a dead process stays dead, what its end means, how many there
// are.
#include "ops/supervisor.hpp"

#include <gtest/gtest.h>

namespace son1k::ops {
namespace {

TEST(restart_pace, doubles_from_one_to_thirty_seconds) {
  restart_pace pace;
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 7; ++i) waits.push_back(pace.after(10));
  EXPECT_EQ(waits, (std::vector<std::int64_t>{1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000}));
}

TEST(restart_pace, begins_anew_after_a_minute_of_health) {
  restart_pace pace;
  for (int i = 0; i < 5; ++i) pace.after(10);
  EXPECT_EQ(pace.after(59'999), 30'000);
  EXPECT_EQ(pace.after(60'000), 1'000);
  EXPECT_EQ(pace.after(10), 2'000);
}

TEST(meaning_of_an_end, follows_the_exit_codes) {
  EXPECT_EQ(meaning_of(false, 0), after_end::restart) << "killed by a signal";
  EXPECT_EQ(meaning_of(true, 1), after_end::restart);
  EXPECT_EQ(meaning_of(true, 3), after_end::restart) << "what it needs may come back";
  EXPECT_EQ(meaning_of(true, 0), after_end::gone);
  EXPECT_EQ(meaning_of(true, 2), after_end::give_up);
  EXPECT_EQ(meaning_of(true, 4), after_end::give_up);
  EXPECT_EQ(meaning_of(true, 127), after_end::give_up) << "the program cannot be executed";
}

TEST(processes_of, auto_is_one_a_core_within_the_range) {
  EXPECT_EQ(*processes_of("auto", {1, 64}, 2), 2U);
  EXPECT_EQ(*processes_of("auto", {3, 64}, 2), 3U);
  EXPECT_EQ(*processes_of("auto", {1, 4}, 16), 4U);
  EXPECT_EQ(*processes_of("5", {1, 64}, 2), 5U);
}

TEST(processes_of, refuses_what_is_no_number_and_names_the_field) {
  for (const char* bad : {"", "0", "-1", "two", "1.5", "2 ", "99999", "AUTO"}) {
    const auto got = processes_of(bad, {1, 64}, 2);
    ASSERT_FALSE(got) << bad;
    EXPECT_EQ(got.error().code, errc::validation);
    EXPECT_EQ(got.error().field, "processes");
  }
  EXPECT_EQ(processes_of("auto", {0, 64}, 2).error().field, "min");
  EXPECT_EQ(processes_of("auto", {4, 3}, 2).error().field, "max");
}

}  // namespace
}  // namespace son1k::ops
