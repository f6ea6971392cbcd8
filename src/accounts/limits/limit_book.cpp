#include "accounts/limits/limit_book.hpp"

#include <algorithm>

namespace son1k::accounts {
namespace {

constexpr std::int64_t ms_rounded_up(std::int64_t us) {
  return (us + 999) / 1'000;
}

}  // namespace

limit_verdict judge(std::span<const limit> limits, std::span<const std::int64_t> empty_at_us,
                    std::int64_t now_us) {
  limit_verdict verdict;
  verdict.states.reserve(limits.size());
  for (std::size_t n = 0; n < limits.size(); ++n) {
    const auto bucket = gcra::of(limits[n].count, limits[n].period_ms);
    const auto level = bucket.level(empty_at_us[n], now_us);
    limit_state state;
    state.allowed = bucket.fits(level, limits[n].cost);
    state.remaining = bucket.units_left(level);
    state.retry_after_ms = ms_rounded_up(bucket.wait_us(level, limits[n].cost));
    state.reset_after_ms = ms_rounded_up(level);
    verdict.allowed = verdict.allowed && state.allowed;
    verdict.states.push_back(state);
  }
  if (!verdict.allowed) return verdict;
  for (std::size_t n = 0; n < limits.size(); ++n) {
    const auto empty_at = emptied_after(limits[n], empty_at_us[n], now_us);
    verdict.states[n].remaining -= limits[n].cost;
    verdict.states[n].reset_after_ms = ms_rounded_up(empty_at - now_us);
  }
  return verdict;
}

std::int64_t emptied_after(const limit& one, std::int64_t empty_at_us, std::int64_t now_us) {
  const auto bucket = gcra::of(one.count, one.period_ms);
  return now_us + bucket.level(empty_at_us, now_us) + one.cost * bucket.emission_us;
}

}  // namespace son1k::accounts
