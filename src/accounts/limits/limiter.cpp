#include "accounts/limits/limiter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace son1k::accounts {
namespace {

error out_of_bounds(std::size_t place, const char* what, std::int64_t least, std::int64_t most) {
  return {errc::validation, fmt::format("limits[{}].{}", place, what),
          text(fmt::format("must be between {} and {}", least, most),
               fmt::format("debe estar entre {} y {}", least, most))};
}

}  // namespace

std::size_t limit_verdict::tightest() const {
  const auto tighter = [](const limit_state& a, const limit_state& b) {
    if (a.retry_after_ms != b.retry_after_ms) return a.retry_after_ms > b.retry_after_ms;
    return a.remaining < b.remaining;
  };
  return static_cast<std::size_t>(std::ranges::min_element(states, tighter) - states.begin());
}

result<void> check(const std::vector<limit>& limits) {
  if (limits.empty() || limits.size() > limits_at_once_max)
    return error(errc::validation, "limits",
                 text(fmt::format("must be 1 to {}", limits_at_once_max),
                      fmt::format("deben ser de 1 a {}", limits_at_once_max)));
  for (std::size_t n = 0; n < limits.size(); ++n) {
    const auto& one = limits[n];
    const auto bytes = static_cast<std::int64_t>(one.key.size());
    if (bytes < 1 || one.key.size() > limit_key_bytes_max)
      return out_of_bounds(n, "key", 1, limit_key_bytes_max);
    if (one.count < 1 || one.count > limit_count_max)
      return out_of_bounds(n, "count", 1, limit_count_max);
    if (one.period_ms < 1 || one.period_ms > limit_period_ms_max)
      return out_of_bounds(n, "period_ms", 1, limit_period_ms_max);
    if (one.cost < 1 || one.cost > one.count) return out_of_bounds(n, "cost", 1, one.count);
    const auto same = [&](const limit& other) { return other.key == one.key; };
    if (std::any_of(limits.begin(), limits.begin() + static_cast<std::ptrdiff_t>(n), same))
      return error(errc::validation, fmt::format("limits[{}].key", n),
                   text("stands twice", "está repetida"));
  }
  return {};
}

}  // namespace son1k::accounts
