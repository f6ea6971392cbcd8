// The keys of one issuer, fetched when they are needed and kept: ten minutes as they are, up to a
// day longer while the issuer cannot be reached. Whatever tokens claim, the issuer is asked once
// at a time and, for keys that it does not have, once in half a minute.
//
// Threads: all methods may be called from any thread; coroutines resume on their own executor,
// which runs one thing at a time (a reactor, a strand) and outlives the source. The source may go
// while they wait: they are then refused.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accounts/jwt/token_key.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace son1k::accounts {

// Fetches the text of the set and calls `done` once, on any thread. Must not throw.
using key_fetch = std::function<void(std::function<void(result<std::string>)> done)>;

struct key_times {
  std::int64_t fresh_ms = 10 * 60'000;
  std::int64_t renew_ms = 8 * 60'000;  // from then on they are renewed while they still serve
  std::int64_t again_ms = 30'000;      // between two questions to the issuer
  std::int64_t stale_ms = 24 * 60 * 60'000;
  std::int64_t wait_ms = 4'000;  // of one caller
};
inline constexpr std::size_t key_waiters_max = 1'024;

class key_source {
 public:
  key_source(const clock_port& clock, key_fetch fetch, key_times times = {});
  ~key_source();
  key_source(const key_source&) = delete;
  key_source& operator=(const key_source&) = delete;

  using keys = std::shared_ptr<const std::vector<token_key>>;
  // The set in which the id should be; it is not if the issuer does not have it. unavailable: the
  // issuer could not be asked.
  boost::asio::awaitable<result<keys>> having(std::string id);

  std::uint64_t fetches() const;  // questions to the issuer so far

 private:
  class shelf;
  std::shared_ptr<shelf> shelf_;
};

}  // namespace son1k::accounts
