// The `identities` of a deployment with accounts: every credential there is leads to an account and
// what it may.
//
//   rt_…, anything unknown   nobody
//   sk_…                     an API key: by its digest; kept for a minute at most
//   a token of ours          its session must be open; kept until it expires
//   a token of another       the issuer that the deployment trusts; an account is made at first use
//   the local token          whoever can read the data folder of this machine
//   the service secrets      the deployment's own services
//
// A kept identity is forgotten as soon as a revocation concerns it: at once in the process that
// revokes, within seconds in the others. Role, tier and whether an account is disabled come from
// its row, never from a token.
//
// Thread-safe; coroutines resume on the executor they run on. The parts must outlive it.
#pragma once
#include <functional>

#include "accounts/identity/identity.hpp"
#include "accounts/identity/revocations.hpp"
#include "accounts/identity/verified_cache.hpp"
#include "accounts/users/users.hpp"
#include "base/clock.hpp"

namespace son1k::accounts {

// What a verified token says.
struct vouched {
  std::string subject;
  std::string session;
  std::string email;
  std::int64_t expires_at_ms = 0;
};

class account_identities final : public identities {
 public:
  struct parts {
    store::database& db;
    const clock_port& clock;
    accounts::users& users;
    accounts::revocations& revocations;
    // Errors: faulty_token(), expired_token().
    std::function<result<vouched>(std::string_view token, std::int64_t now_ms)> own;
    // May be empty: no other issuer is trusted. The same errors; unavailable: its keys are away.
    std::function<boost::asio::awaitable<result<vouched>>(std::string token)> external;
    std::string local_token;                   // empty: there is none
    std::vector<std::string> service_secrets;  // empty ones are left out
    std::size_t kept_max = 16'384;
  };
  explicit account_identities(parts with);
  ~account_identities() override;

  boost::asio::awaitable<result<identity>> verify(caller_facts from, std::string token) override;
  std::shared_ptr<void> on_revoked(std::function<void(const revocation&)> told) override;

 private:
  struct verified {
    identity who;
    std::int64_t kept_ms = 0;
  };
  std::optional<identity> by_secret(const std::string& digest) const;
  boost::asio::awaitable<result<verified>> look_up(std::string token);
  boost::asio::awaitable<result<verified>> by_key(std::string token);
  boost::asio::awaitable<result<verified>> by_own(vouched told);
  boost::asio::awaitable<result<verified>> by_external(std::string token);
  std::string hash_of(std::string_view token) const;

  parts with_;
  const std::string hash_key_;  // of this process
  std::string local_hash_;
  std::vector<std::string> service_hashes_;
  const std::shared_ptr<verified_cache> kept_;
  std::shared_ptr<void> listening_;
};

}  // namespace son1k::accounts
