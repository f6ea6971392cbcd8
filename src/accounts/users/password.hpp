// Passwords: which are taken, and how they are kept: Argon2id (RFC 9106) by libsodium, its own text
// form with parameters and salt. Hashing takes a tenth of a second and 64 MiB, so it runs where
// `offload` says, as many at once as there are threads, and what finds no place is refused.
//
// Thread-safe. Coroutines resume on the executor they run on. `offload` must run or drop what it
// took before the hasher goes.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace son1k::accounts {

inline constexpr std::size_t password_points_min = 10;
inline constexpr std::size_t password_points_max = 200;

// validation with the field: too short or long, the e-mail itself, or one that everybody tries.
result<void> check_password(std::string_view field, std::string_view password,
                            std::string_view email);

struct password_cost {
  unsigned long long passes = 3;
  std::size_t memory_bytes = 64u << 20;
};

class password_hasher {
 public:
  // Runs work elsewhere; false if it has no room.
  using offload = std::function<bool(std::function<void()>)>;
  explicit password_hasher(offload elsewhere, password_cost cost = {})
      : offload_(std::move(elsewhere)), cost_(cost) {}

  // unavailable: too many at once.
  boost::asio::awaitable<result<std::string>> hash(std::string password);
  // Whether the password is the one. With an empty `stored` the answer is no, after the same work.
  boost::asio::awaitable<result<bool>> matches(std::string stored, std::string password);

 private:
  boost::asio::awaitable<result<void>> run(std::function<void()> work);

  const offload offload_;
  const password_cost cost_;
};

}  // namespace son1k::accounts
