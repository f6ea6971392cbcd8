// What is amiss, by figures: the rules as one table, and how a figure is held against them. Pure
// functions; thread-safe.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/metrics.hpp"

namespace son1k::api {

// A figure from here on is of that severity; a `critical` of 0 is none.
struct alert_rule {
  std::string_view name;
  std::string_view unit;  // "seconds", "share" (0 to 1) or "jobs"
  double warning = 0;
  double critical = 0;
  std::string_view en, es;  // what is amiss
};
std::span<const alert_rule> alert_rules();
// Null: there is no such rule.
const alert_rule* find_alert_rule(std::string_view name);

// One figure, as it is now, of what a rule looks at: a queue, a server, a disk.
struct alert_reading {
  alert_reading(std::string r, std::string s, double v)
      : rule(std::move(r)), subject(std::move(s)), value(v) {}
  std::string rule, subject;
  double value = 0;
};

// "warning", "critical"; empty: nothing is amiss.
std::string_view severity_of(const alert_reading& reading);

// What requests came to until now: all, those that failed by the server's fault (5xx), their times.
struct request_totals {
  std::uint64_t requests = 0;
  std::uint64_t failed = 0;
  metrics::histogram_values took;
};

inline constexpr std::int64_t request_window_ms = 300'000;
inline constexpr std::uint64_t requests_min = 20;  // fewer say nothing

// Shares and times of the requests of the last five minutes, from totals that only grow. One
// thread.
class request_window {
 public:
  // Readings of the rules error-rate, p95 and p99; 0 where there were too few requests.
  std::vector<alert_reading> observe(const std::string& subject, request_totals now,
                                     std::int64_t steady_ms);

 private:
  struct look {
    std::int64_t steady_ms;
    request_totals totals;
  };
  std::vector<look> looks_;  // the oldest first; one at most is older than the window
};

}  // namespace son1k::api
