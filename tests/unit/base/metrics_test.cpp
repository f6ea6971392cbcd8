#include "base/metrics.hpp"

#include <gtest/gtest.h>

namespace son1k::metrics {
namespace {

TEST(metrics, a_histogram_tells_sum_count_and_quantiles) {
  static constexpr double bounds[] = {1.0, 2.0, 4.0};
  histogram h(bounds);
  EXPECT_EQ(h.values().quantile(0.5), 0.0);
  for (int n = 0; n < 50; ++n) h.observe(0.5);
  for (int n = 0; n < 50; ++n) h.observe(1.5);
  const auto v = h.values();
  EXPECT_EQ(v.count(), 100u);
  EXPECT_NEAR(v.sum, 100.0, 1e-9);
  EXPECT_NEAR(v.quantile(0.5), 1.0, 1e-9);
  EXPECT_NEAR(v.quantile(0.75), 1.5, 1e-9);
  h.observe(100.0);
  h.observe(-1.0);
  EXPECT_EQ(h.values().counts, (std::vector<std::uint64_t>{51, 50, 0, 1}));
}

TEST(metrics, the_text_is_prometheus_own) {
  static constexpr double bounds[] = {1.0};
  histogram h(bounds);
  h.observe(0.5);
  h.observe(3.0);
  registry all;
  all.add([&h](std::vector<family>& out) {
    out.push_back({"jobs", "Jobs.", family_type::gauge, {}});
    out.back().add({{"queue", "a\"b\\c\nd"}}, 3.0);
    out.push_back({"done_total", "Done.", family_type::counter, {}});
    out.back().add({}, 2.0);
    out.push_back({"run_seconds", "Runs.", family_type::histogram, {}});
    out.back().add({}, h);
    out.push_back({"empty", "Nothing.", family_type::gauge, {}});
  });
  EXPECT_EQ(all.text(),
            "# HELP jobs Jobs.\n# TYPE jobs gauge\njobs{queue=\"a\\\"b\\\\c\\nd\"} 3\n"
            "# HELP done_total Done.\n# TYPE done_total counter\ndone_total 2\n"
            "# HELP run_seconds Runs.\n# TYPE run_seconds histogram\n"
            "run_seconds_count 2\nrun_seconds_sum 3.5\n"
            "run_seconds_bucket{le=\"1\"} 1\nrun_seconds_bucket{le=\"+Inf\"} 2\n");
}

}  // namespace
}  // namespace son1k::metrics
