#include "queue/rate_limiter.hpp"

#include <algorithm>

namespace son1k::queue {

rate_limiter::rate_limiter(rate_limit limit)
    : limit_{std::clamp<std::int64_t>(limit.max, 1, rate_limit_max),
             std::max<std::int64_t>(limit.per_ms, 1)} {}

rate_limiter::rate_limiter(rate_limit limit, const rate_limiter& former) : rate_limiter(limit) {
  const auto max = static_cast<std::size_t>(limit_.max);
  const auto held = former.starts_.size();
  for (std::size_t i = held > max ? held - max : 0; i < held; ++i)
    starts_.push_back(former.starts_[(former.oldest() + i) % held]);
}

std::size_t rate_limiter::oldest() const {
  return starts_.size() < static_cast<std::size_t>(limit_.max) ? 0 : next_;
}

std::size_t rate_limiter::available(std::int64_t now_ms) const {
  const auto max = static_cast<std::size_t>(limit_.max);
  const std::size_t free = max - starts_.size();
  // The ring is in order of time from the oldest on: the first start still inside the window ends
  // the run of those that no longer count.
  const std::int64_t edge = now_ms - limit_.per_ms;
  std::size_t low = 0;
  std::size_t high = starts_.size();
  const std::size_t first = oldest();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (starts_[(first + middle) % starts_.size()] <= edge) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return free + low;
}

std::size_t rate_limiter::take(std::size_t count, std::int64_t now_ms) {
  const std::size_t booked = std::min(count, available(now_ms));
  for (std::size_t i = 0; i < booked; ++i) book(now_ms);
  return booked;
}

void rate_limiter::book(std::int64_t at_ms) {
  const auto max = static_cast<std::size_t>(limit_.max);
  if (starts_.size() < max) {
    starts_.push_back(at_ms);
  } else {
    starts_[next_] = at_ms;
    next_ = (next_ + 1) % max;
  }
}

std::int64_t rate_limiter::wait_ms(std::int64_t now_ms) const {
  if (starts_.size() < static_cast<std::size_t>(limit_.max)) return 0;
  return std::max<std::int64_t>(0, starts_[oldest()] + limit_.per_ms - now_ms);
}

void rate_limiter::give_back() {
  if (starts_.empty()) return;
  // The newest stands last once the oldest stands first.
  std::rotate(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(oldest()),
              starts_.end());
  starts_.pop_back();
  next_ = 0;
}

bool rate_limiter::idle(std::int64_t now_ms) const {
  return available(now_ms) == static_cast<std::size_t>(limit_.max);
}

}  // namespace son1k::queue
