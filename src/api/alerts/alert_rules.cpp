#include "api/alerts/alert_rules.hpp"

#include <algorithm>

namespace son1k::api {
namespace {

constexpr std::array<alert_rule, 6> rules{{
    {"oldest-job", "seconds", 120, 900, "the oldest ready job of this queue waits for too long",
     "el trabajo más antiguo de esta cola espera demasiado"},
    {"error-rate", "share", 0.01, 0.05, "too many requests fail by the server's fault",
     "fallan demasiadas peticiones por culpa del servidor"},
    {"p95", "seconds", 2, 0, "one request of twenty takes too long",
     "una de cada veinte peticiones tarda demasiado"},
    {"p99", "seconds", 5, 0, "one request of a hundred takes too long",
     "una de cada cien peticiones tarda demasiado"},
    {"dead-letters", "jobs", 10, 100, "failed jobs of this queue wait for somebody",
     "hay trabajos fallidos de esta cola que esperan a alguien"},
    {"disk", "share", 0.9, 0.95, "this disk is nearly full", "este disco está casi lleno"},
}};

// What came to be between two looks.
request_totals difference(const request_totals& now, const request_totals& before) {
  request_totals out = now;
  out.requests -= before.requests;
  out.failed -= before.failed;
  for (std::size_t n = 0; n < out.took.counts.size() && n < before.took.counts.size(); ++n)
    out.took.counts[n] -= before.took.counts[n];
  return out;
}

}  // namespace

std::span<const alert_rule> alert_rules() {
  return rules;
}

const alert_rule* find_alert_rule(std::string_view name) {
  const auto at = std::ranges::find(rules, name, &alert_rule::name);
  return at == rules.end() ? nullptr : &*at;
}

std::string_view severity_of(const alert_reading& reading) {
  const auto* rule = find_alert_rule(reading.rule);
  if (rule == nullptr || reading.value < rule->warning) return "";
  return rule->critical > 0 && reading.value >= rule->critical ? "critical" : "warning";
}

std::vector<alert_reading> request_window::observe(const std::string& subject, request_totals now,
                                                   std::int64_t steady_ms) {
  while (looks_.size() > 1 && looks_[1].steady_ms <= steady_ms - request_window_ms)
    looks_.erase(looks_.begin());
  looks_.push_back({steady_ms, std::move(now)});
  const auto recent = difference(looks_.back().totals, looks_.front().totals);
  double rate = 0, p95 = 0, p99 = 0;
  if (recent.requests >= requests_min) {
    rate = static_cast<double>(recent.failed) / static_cast<double>(recent.requests);
    p95 = recent.took.quantile(0.95);
    p99 = recent.took.quantile(0.99);
  }
  return {{"error-rate", subject, rate}, {"p95", subject, p95}, {"p99", subject, p99}};
}

}  // namespace son1k::api
