// At most `max` starts in any window of `per_ms`: a sliding log of the newest starts, so the bound
// is exact and never doubled at a window's edge. Pure: time comes in as an argument. Not
// thread-safe; one owner. Memory: 8 bytes a permitted start.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace son1k::queue {

struct rate_limit {
  std::int64_t max = 100;
  std::int64_t per_ms = 1'000;
  bool operator==(const rate_limit&) const = default;
};
inline constexpr std::int64_t rate_limit_max = 1'000'000;

class rate_limiter {
 public:
  // `max` is clamped to 1..rate_limit_max and `per_ms` to at least 1.
  explicit rate_limiter(rate_limit limit);
  // A changed limit: the newest starts of `former` count for it.
  rate_limiter(rate_limit limit, const rate_limiter& former);

  // How many starts are allowed at `now_ms`. Steady milliseconds that never go back.
  std::size_t available(std::int64_t now_ms) const;
  // Books `count` starts, at most what is available; how many were booked.
  std::size_t take(std::size_t count, std::int64_t now_ms);
  // Books a start that was, allowed or not. In order of time.
  void book(std::int64_t at_ms);
  // Milliseconds until at least one start is allowed; 0: now.
  std::int64_t wait_ms(std::int64_t now_ms) const;
  // Takes back the newest start: it did not come to be.
  void give_back();
  // Whether no start is left inside the window.
  bool idle(std::int64_t now_ms) const;
  const rate_limit& limit() const { return limit_; }

 private:
  std::size_t oldest() const;

  rate_limit limit_;
  std::vector<std::int64_t> starts_;  // a ring once it holds `max`
  std::size_t next_ = 0;              // where the next start is written
};

}  // namespace son1k::queue
