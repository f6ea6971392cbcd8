#include "api/alerts/alert_rules.hpp"

#include <gtest/gtest.h>

namespace son1k::api {
namespace {

request_totals totals(std::uint64_t requests, std::uint64_t failed, std::uint64_t slow) {
  request_totals out;
  out.requests = requests;
  out.failed = failed;
  out.took.bounds = metrics::request_seconds;
  out.took.counts.assign(metrics::request_seconds.size() + 1, 0);
  out.took.counts[4] = requests - slow;                         // within a millisecond
  out.took.counts[metrics::request_seconds.size() - 1] = slow;  // between one second and ten
  return out;
}

double value_of(const std::vector<alert_reading>& all, std::string_view rule) {
  for (const auto& one : all)
    if (one.rule == rule) return one.value;
  ADD_FAILURE() << "no reading of " << rule;
  return -1;
}

TEST(alert_rules_test, every_rule_has_its_steps_in_order_and_words) {
  for (const auto& rule : alert_rules()) {
    EXPECT_GT(rule.warning, 0) << rule.name;
    EXPECT_TRUE(rule.critical == 0 || rule.critical > rule.warning) << rule.name;
    EXPECT_FALSE(rule.en.empty() || rule.es.empty()) << rule.name;
    EXPECT_EQ(find_alert_rule(rule.name), &rule);
  }
  EXPECT_EQ(find_alert_rule("weather"), nullptr);
}

TEST(alert_rules_test, a_figure_at_its_threshold_is_amiss_and_below_it_is_not) {
  EXPECT_EQ(severity_of({"oldest-job", "q", 119.9}), "");
  EXPECT_EQ(severity_of({"oldest-job", "q", 120}), "warning");
  EXPECT_EQ(severity_of({"oldest-job", "q", 900}), "critical");
  EXPECT_EQ(severity_of({"error-rate", "s", 0.01}), "warning");
  EXPECT_EQ(severity_of({"error-rate", "s", 0.05}), "critical");
  EXPECT_EQ(severity_of({"p95", "s", 1'000}), "warning") << "it has one step";
  EXPECT_EQ(severity_of({"weather", "s", 1'000}), "");
}

TEST(alert_rules_test, a_window_tells_of_the_last_five_minutes_alone) {
  request_window window;
  window.observe("s", totals(0, 0, 0), 0);
  auto now = window.observe("s", totals(100, 10, 0), 15'000);
  EXPECT_DOUBLE_EQ(value_of(now, "error-rate"), 0.1);
  now = window.observe("s", totals(200, 10, 0), request_window_ms);
  EXPECT_DOUBLE_EQ(value_of(now, "error-rate"), 0.05);
  now = window.observe("s", totals(300, 10, 0), request_window_ms + 15'000);
  EXPECT_DOUBLE_EQ(value_of(now, "error-rate"), 0) << "those that failed are six minutes old";
}

TEST(alert_rules_test, slow_requests_show_in_the_percentiles_that_they_reach) {
  request_window window;
  window.observe("s", totals(0, 0, 0), 0);
  auto now = window.observe("s", totals(100, 0, 3), 15'000);
  EXPECT_LT(value_of(now, "p95"), 0.01);
  EXPECT_GT(value_of(now, "p99"), 5);
  now = window.observe("s", totals(200, 0, 33), 30'000);
  EXPECT_GT(value_of(now, "p95"), 2);
}

TEST(alert_rules_test, too_few_requests_say_nothing) {
  request_window window;
  window.observe("s", totals(0, 0, 0), 0);
  const auto few = window.observe("s", totals(requests_min - 1, requests_min - 1, 0), 15'000);
  EXPECT_DOUBLE_EQ(value_of(few, "error-rate"), 0);
}

}  // namespace
}  // namespace son1k::api
