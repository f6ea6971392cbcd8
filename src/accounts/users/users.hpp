// Accounts: who there is, how they sign in, what an administrator changes. Passwords are hashed
// where the hasher says, never on a reactor or a database's thread. An unknown e-mail costs a
// log-in the same work and gets the same words as a wrong password.
//
// What is given as `beside` is written with what a call changes, and not where it changes nothing.
// Thread-safe; coroutines resume on the executor they run on. The parts must outlive it.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>

#include "accounts/identity/revocations.hpp"
#include "accounts/users/account_records.hpp"
#include "accounts/users/password.hpp"
#include "base/clock.hpp"

namespace son1k::accounts {

struct new_account {
  std::string email;
  std::string name;      // empty: what stands before the @
  std::string password;  // empty: none, it shows API keys only
  std::string role = "user";
  std::string tier = "FREE";
};

struct account_change {
  std::optional<std::string> name, email, role, tier;
  std::optional<bool> disabled;
};

inline constexpr std::size_t account_name_points_max = 100;

class users {
 public:
  struct parts {
    store::database& db;
    const clock_port& clock;
    password_hasher& passwords;
    accounts::revocations& revocations;
    std::function<bool(std::string_view)> is_tier;
  };
  explicit users(parts with) : with_(std::move(with)) {}

  // Makes the accounts of the machine itself and of services, where they are missing. Blocking, for
  // the program's start.
  result<void> ensure_own();

  // validation: `email`, `name`, `password`, `role`, `tier` · conflict: the e-mail is taken ·
  // unavailable.
  boost::asio::awaitable<result<account>> create(new_account asked,
                                                 store::beside_making<account> beside = {});
  // unauthenticated: not that e-mail with that password, or the account is disabled · unavailable.
  boost::asio::awaitable<result<account>> log_in(std::string email, std::string password);

  // By id or e-mail. not_found.
  boost::asio::awaitable<result<account>> find(std::string id_or_email);
  boost::asio::awaitable<result<std::vector<account>>> list(account_query query);

  // What was verified of the account is verified anew; whoever is disabled loses all sessions.
  // validation, not_found · conflict: it would be the last administrator who goes, an account of
  // the program itself, an e-mail that is taken, or one of an account that has no password here.
  boost::asio::awaitable<result<account>> change(std::string id, account_change to,
                                                 store::beside_step beside = {});
  // validation: `currentPassword` is not the account's.
  boost::asio::awaitable<result<void>> confirm(std::string id, std::string current);
  // Ends every session but `keep`. validation: `currentPassword` is wrong, or `newPassword` cannot
  // be one.
  boost::asio::awaitable<result<void>> change_password(std::string id, std::string current,
                                                       std::string next, std::string keep);
  // By an administrator: ends every session. validation, not_found.
  boost::asio::awaitable<result<void>> reset_password(std::string id, std::string next,
                                                      store::beside_step beside = {});

  // The account of whom another issuer vouches for; it is made at the first use.
  // unauthenticated: it is disabled.
  boost::asio::awaitable<result<account>> of_external(std::string external_id, std::string email);

 private:
  boost::asio::awaitable<result<void>> write_password(account of, std::string hash,
                                                      std::string keep, store::beside_step beside);
  const parts with_;
};

// The one answer to every pair that does not fit.
error wrong_credentials();

}  // namespace son1k::accounts
