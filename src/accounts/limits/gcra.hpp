// The generic cell rate algorithm: a limit of `count` in `period` is a bucket that empties evenly.
// One number is kept a key, the time at which its bucket will be empty. Pure; microseconds.
#pragma once
#include <algorithm>
#include <cstdint>

namespace son1k::accounts {

struct gcra {
  std::int64_t emission_us = 0;   // in which one unit leaves the bucket
  std::int64_t tolerance_us = 0;  // how full it may be: `count` emissions

  static constexpr gcra of(std::int64_t count, std::int64_t period_ms) {
    const auto emission = (period_ms * 1'000 + count - 1) / count;
    return {emission, emission * count};
  }

  // How full the bucket is. `empty_at` beyond what the limit allows (a smaller limit than when it
  // was written, a clock set back) counts as full.
  constexpr std::int64_t level(std::int64_t empty_at_us, std::int64_t now_us) const {
    return std::clamp<std::int64_t>(empty_at_us - now_us, 0, tolerance_us);
  }
  constexpr bool fits(std::int64_t level_us, std::int64_t cost) const {
    return level_us + cost * emission_us <= tolerance_us;
  }
  constexpr std::int64_t units_left(std::int64_t level_us) const {
    return (tolerance_us - level_us) / emission_us;
  }
  // Until `cost` units fit; 0: they do now.
  constexpr std::int64_t wait_us(std::int64_t level_us, std::int64_t cost) const {
    return std::max<std::int64_t>(0, level_us + cost * emission_us - tolerance_us);
  }
};

}  // namespace son1k::accounts
