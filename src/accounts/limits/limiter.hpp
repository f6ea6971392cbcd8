// The `limiter` port: how often somebody may do something, over every process that shares the
// limiter. Every implementation passes tests/contract/limits.
//
// Threads: all methods may be called from any thread; coroutines resume on the executor they run
// on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace son1k::accounts {

// `count` units in any `period_ms`, all at once or spread, for whoever has the key. Two limits of
// one key and different sizes share what was taken: a changed tier holds at once.
struct limit {
  std::string key;  // what is limited and for whom: "create:user:0192…"; at most 256 bytes
  std::int64_t count = 0;
  std::int64_t period_ms = 60'000;
  std::int64_t cost = 1;  // units to take
  bool operator==(const limit&) const = default;
};

inline constexpr std::size_t limits_at_once_max = 8;
inline constexpr std::size_t limit_key_bytes_max = 256;
inline constexpr std::int64_t limit_count_max = 1'000'000;
inline constexpr std::int64_t limit_period_ms_max = 31LL * 24 * 3'600 * 1'000;

// How one limit stands after the call.
struct limit_state {
  bool allowed = true;              // this one had room
  std::int64_t remaining = 0;       // units that could be taken now
  std::int64_t retry_after_ms = 0;  // until the cost fits, where it did not
  std::int64_t reset_after_ms = 0;  // until nothing counts any more
};

struct limit_verdict {
  bool allowed = true;              // every limit had room, and the costs were taken from all
  std::vector<limit_state> states;  // in the order asked

  // The limit that says the most to a caller: that with the longest wait, or else the fewest units.
  std::size_t tightest() const;
};

class limiter {
 public:
  virtual ~limiter() = default;

  // Takes the cost of each limit, or (if one has no room) of none, as one step. validation: names
  // the field of the limit that is out of its bounds, or a cost that can never fit · unavailable:
  // the place where the limits are kept is away, or holds as many keys as it may.
  virtual boost::asio::awaitable<result<limit_verdict>> take(std::vector<limit> limits) = 0;
};

// validation, as take().
result<void> check(const std::vector<limit>& limits);

}  // namespace son1k::accounts
