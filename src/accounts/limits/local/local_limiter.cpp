#include "accounts/limits/local/local_limiter.hpp"

#include <algorithm>

#include "accounts/limits/limit_book.hpp"

namespace son1k::accounts {

local_limiter::local_limiter(const clock_port& clock, std::size_t most_keys)
    : clock_(clock), shard_keys_max_(std::max<std::size_t>(1, most_keys / shards)) {}

boost::asio::awaitable<result<limit_verdict>> local_limiter::take(std::vector<limit> limits) {
  if (auto ok = check(limits); !ok) co_return ok.error();
  co_return take_now(limits);
}

result<limit_verdict> local_limiter::take_now(std::span<const limit> limits) {
  std::array<std::size_t, limits_at_once_max> of{};
  const auto count = std::min(limits.size(), of.size());
  for (std::size_t n = 0; n < count; ++n)
    of[n] = std::hash<std::string_view>()(limits[n].key) % shards;
  // Every shard once and in one order, so that two callers never wait for each other.
  auto ordered = of;
  const auto end = ordered.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(ordered.begin(), end);
  std::array<std::unique_lock<std::mutex>, limits_at_once_max> locks;
  auto lock = locks.begin();
  const auto last = std::unique(ordered.begin(), end);
  for (auto at = ordered.begin(); at != last; ++at) *lock++ = std::unique_lock(shards_[*at].mutex);

  const auto now_us = clock_.steady_ms() * 1'000;
  std::array<std::int64_t, limits_at_once_max> empty_at{};
  for (std::size_t n = 0; n < count; ++n) {
    const auto& known = shards_[of[n]].empty_at_us;
    const auto found = known.find(limits[n].key);
    if (found != known.end()) empty_at[n] = found->second;
    if (found == known.end() && !make_room(shards_[of[n]], now_us))
      return error(errc::unavailable, {"too many different callers at once",
                                       "demasiados clientes distintos a la vez"});
  }
  auto verdict = judge(limits.first(count), empty_at, now_us);
  if (!verdict.allowed) return verdict;
  for (std::size_t n = 0; n < count; ++n)
    shards_[of[n]].empty_at_us[limits[n].key] = emptied_after(limits[n], empty_at[n], now_us);
  return verdict;
}

// Forgets empty buckets when there are twice as many keys as the last look left: constant work a
// key. False: no room for one more.
bool local_limiter::make_room(shard& s, std::int64_t now_us) const {
  if (s.empty_at_us.size() < std::min(s.look_again_at, shard_keys_max_)) return true;
  boost::unordered::erase_if(s.empty_at_us, [&](const auto& b) { return b.second <= now_us; });
  s.look_again_at = std::max<std::size_t>(1'024, 2 * s.empty_at_us.size());
  return s.empty_at_us.size() < shard_keys_max_;
}

std::size_t local_limiter::keys() const {
  std::size_t sum = 0;
  for (const auto& s : shards_) {
    const std::lock_guard lock(s.mutex);
    sum += s.empty_at_us.size();
  }
  return sum;
}

}  // namespace son1k::accounts
