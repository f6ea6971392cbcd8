// How often one client may speak: a bucket that fills evenly. Pure; not thread-safe.
#pragma once
#include <algorithm>
#include <cstdint>

namespace son1k::realtime {

class allowance {
 public:
  allowance(std::int64_t at_once, std::int64_t a_second)
      : most_(at_once * 1'000), rate_(a_second), left_(most_) {}

  // Takes it, or nothing if there is too little.
  bool take(std::int64_t cost, std::int64_t now_ms) {
    left_ = std::min(most_, left_ + std::max<std::int64_t>(0, now_ms - last_ms_) * rate_);
    last_ms_ = now_ms;
    if (left_ < cost * 1'000) return false;
    left_ -= cost * 1'000;
    return true;
  }

 private:
  std::int64_t most_;
  std::int64_t rate_;
  std::int64_t left_;
  std::int64_t last_ms_ = 0;
};

}  // namespace son1k::realtime
