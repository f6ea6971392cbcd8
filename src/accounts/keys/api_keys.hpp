// API keys: what programs show instead of a password. A key is shown once, when it is made; kept is
// its SHA-256, which suffices for 256 random bits.
//
// Thread-safe; coroutines resume on the executor they run on. The parts must outlive it.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/identity/revocations.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

inline constexpr std::string_view api_key_prefix = "sk_";
inline constexpr std::int64_t api_keys_of_account_max = 50;
inline constexpr std::size_t api_key_name_points_max = 100;
inline constexpr std::int64_t api_key_ms_max = 10LL * 366 * 24 * 3'600 * 1'000;
inline constexpr std::string_view api_key_scopes[] = {"read", "generate", "manage", "operate"};

struct api_key {
  std::string id;
  std::string account;
  std::string name;
  std::string ending;               // the last four characters
  std::vector<std::string> scopes;  // none: everything that the account may
  std::int64_t created_at_ms = 0;
  std::int64_t expires_at_ms = 0;  // 0: never
  std::int64_t used_at_ms = 0;     // to the minute; 0: not yet
};

struct new_api_key {
  std::string account;
  std::string name;
  std::vector<std::string> scopes;
  std::int64_t expires_at_ms = 0;
  bool may_operate = false;  // its account has the role operator
};

struct made_api_key {
  api_key key;
  std::string secret;
};

class api_keys {
 public:
  api_keys(store::database& db, const clock_port& clock, revocations& told)
      : db_(db), clock_(clock), revocations_(told) {}

  // validation: `name`, `scopes`, `expiresAt` · conflict: the account has as many as it may.
  boost::asio::awaitable<result<made_api_key>> create(
      new_api_key asked, store::beside_making<made_api_key> beside = {});
  // A key that the caller has insert_key() write. validation as for create().
  result<made_api_key> fresh(new_api_key asked) const;
  // Newest first.
  boost::asio::awaitable<result<std::vector<api_key>>> list(std::string account);
  // It holds no longer in this process, and within seconds in the others. not_found.
  boost::asio::awaitable<result<void>> revoke(std::string account, std::string id);

 private:
  store::database& db_;
  const clock_port& clock_;
  revocations& revocations_;
};

// conflict: the account has as many as it may.
result<void> insert_key(store::connection& db, const made_api_key& made);
// By the SHA-256 of the key; expired ones, too.
result<std::optional<api_key>> api_key_by_digest(store::connection& db, std::string_view digest);
// Notes that the key was used, unless that stands there for the last minute.
void stage_use_of_key(store::transaction& tx, std::string id, std::int64_t now_ms);

}  // namespace son1k::accounts
