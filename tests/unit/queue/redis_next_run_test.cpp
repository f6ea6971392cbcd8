// When the next run of a job scheduler of BullMQ is, and what it carries.
#include <gmock/gmock.h>

#include "queue/redis/next_run.hpp"

namespace son1k::queue::redis {
namespace {

using testing::HasSubstr;
using fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::int64_t last = 1'800'000'000'000;  // 15 January 2027, 08:00 UTC

net::redis_value told(const fields& scheduler, const std::string& options = "{}") {
  std::vector<net::redis_value> flat, all;
  for (const auto& [name, value] : scheduler) {
    flat.emplace_back(name);
    flat.emplace_back(value);
  }
  all.emplace_back(std::string("tick"));
  all.emplace_back(std::to_string(last));
  all.emplace_back(options);
  all.emplace_back(std::move(flat));
  return net::redis_value(std::move(all));
}

// Queue, id, "add", time, last time, options, name, data, priority, to the front.
std::vector<std::string> next(const fields& scheduler, std::int64_t now,
                              const std::string& options = "{}") {
  const auto add = next_run("songs", "repeat:tick:1", told(scheduler, options), now);
  EXPECT_TRUE(add) << add.error().what();
  return add && *add ? (*add)->all() : std::vector<std::string>();
}

std::int64_t due(const fields& scheduler, std::int64_t now) {
  const auto words = next(scheduler, now);
  return words.empty() ? 0 : std::stoll(words.at(3));
}

TEST(next_run, an_interval_keeps_its_phase_and_leaves_out_what_was_missed) {
  const fields every{{"name", "probe"}, {"every", "1000"}};
  EXPECT_EQ(due(every, last + 10), last + 1'000);
  EXPECT_EQ(due(every, last + 1'000), last + 1'000);
  EXPECT_EQ(due(every, last + 5'300), last + 6'000);
}

TEST(next_run, a_pattern_is_read_in_its_zone) {
  const fields daily{{"name", "probe"}, {"pattern", "0 9 * * *"}};
  auto there = daily;
  there.emplace_back("tz", "America/Santiago");
  EXPECT_EQ(due(daily, last), last + 3'600'000);
  EXPECT_EQ(due(there, last), last + 4 * 3'600'000) << "three hours behind in summer";
}

TEST(next_run, start_end_and_limit_hold) {
  const fields from{{"pattern", "* * * * *"}, {"startDate", std::to_string(last + 3'600'000)}};
  EXPECT_EQ(due(from, last), last + 3'600'000);
  const fields until{{"every", "1000"}, {"endDate", std::to_string(last + 1'500)}};
  EXPECT_EQ(due(until, last), last + 1'000);
  EXPECT_EQ(due(until, last + 1'100), 0);
  const fields three{{"every", "1000"}, {"limit", "3"}};
  EXPECT_FALSE(next(three, last, R"({"repeat":{"count":2}})").empty());
  EXPECT_TRUE(next(three, last, R"({"repeat":{"count":3}})").empty());
}

TEST(next_run, it_carries_the_template_and_what_stock_workers_read) {
  const auto words = next({{"name", "probe"},
                           {"every", "1000"},
                           {"data", R"({"a":1})"},
                           {"opts", R"({"attempts":4,"priority":7,"lifo":true})"}},
                          last + 400, R"({"repeat":{"count":8}})");
  ASSERT_EQ(words.size(), 10u);
  EXPECT_EQ(words[4], std::to_string(last));
  for (const char* part : {R"("attempts":4)", R"("count":9)", R"("every":1000)", R"("delay":600)",
                           R"("repeatJobKey":"tick")", R"("jobId":"repeat:tick:1800000001000")"})
    EXPECT_THAT(words[5], HasSubstr(part));
  EXPECT_THAT(std::vector(words.begin() + 6, words.end()),
              testing::ElementsAre("probe", R"({"a":1})", "7", "1"));
}

TEST(next_run, what_cannot_be_read_is_an_error_or_counts_as_nothing) {
  EXPECT_EQ(next_run("songs", "x", told({{"pattern", "0 9 * * 1#2"}}), last).error().code,
            errc::validation);
  EXPECT_EQ(
      next_run("songs", "x", told({{"pattern", "@daily"}, {"tz", "Mars"}}), last).error().code,
      errc::validation);
  EXPECT_TRUE(next({}, last).empty()) << "the scheduler has gone";
  const net::redis_value followed_up_already(std::vector<net::redis_value>{});
  EXPECT_FALSE(next_run("songs", "x", followed_up_already, last)->has_value());
  EXPECT_FALSE(next({{"every", "1000"}, {"opts", "[1"}}, last, "{").empty());
}

}  // namespace
}  // namespace son1k::queue::redis
