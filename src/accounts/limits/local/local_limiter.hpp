// The limiter of one process: buckets in memory, by the steady clock. Nothing outlives the process.
#pragma once
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <span>

#include "accounts/limits/limiter.hpp"
#include "base/clock.hpp"

namespace son1k::accounts {

class local_limiter final : public limiter {
 public:
  static constexpr std::size_t keys_max = 1'000'000;

  explicit local_limiter(const clock_port& clock, std::size_t most_keys = keys_max);

  boost::asio::awaitable<result<limit_verdict>> take(std::vector<limit> limits) override;
  // The same without a coroutine; short, never waits for anything but a lock.
  result<limit_verdict> take_now(std::span<const limit> limits);
  // Keys that are kept. For tests and metrics.
  std::size_t keys() const;

 private:
  struct shard {
    mutable std::mutex mutex;
    boost::unordered_flat_map<std::string, std::int64_t> empty_at_us;
    std::size_t look_again_at = 1'024;  // keys, before empty buckets are looked for
  };
  static constexpr std::size_t shards = 64;

  bool make_room(shard& s, std::int64_t now_us) const;

  const clock_port& clock_;
  const std::size_t shard_keys_max_;
  std::array<shard, shards> shards_;
};

}  // namespace son1k::accounts
