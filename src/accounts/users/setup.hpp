// The first administrator: whoever holds the link that the program wrote where only its owner reads
// gives the account of this machine an e-mail and a password, once. Nobody can from the moment that
// any administrator has a password.
//
// Thread-safe; coroutines resume on the executor they run on. The parts must outlive it.
#pragma once
#include <boost/asio/awaitable.hpp>

#include "accounts/users/account_records.hpp"
#include "accounts/users/password.hpp"
#include "base/clock.hpp"

namespace son1k::accounts {

class setup {
 public:
  setup(store::database& db, const clock_port& clock, password_hasher& passwords)
      : db_(db), clock_(clock), passwords_(passwords) {}

  // A new secret for the link, in place of the one before; nothing where set-up is closed.
  // Blocking, for the program's start.
  result<std::optional<std::string>> begin();
  // Whether the link still makes an administrator: nobody administrates yet.
  boost::asio::awaitable<result<bool>> is_open();
  // unauthenticated: not the secret, or set-up is closed · validation: `email`, `password` ·
  // conflict: the e-mail is taken.
  boost::asio::awaitable<result<account>> claim(std::string secret, std::string email,
                                                std::string password,
                                                store::beside_step beside = {});

 private:
  store::database& db_;
  const clock_port& clock_;
  password_hasher& passwords_;
};

}  // namespace son1k::accounts
