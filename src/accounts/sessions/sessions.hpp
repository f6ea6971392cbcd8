// Log-ins that last: a session is kept open by a refresh token that changes with each use.
//
// A token that was used already has been copied by somebody, so its session ends, whoever shows it.
// The one exception is a client that lost the reply: the last token, shown again within
// `repeat_ms`, gives the same next token as before. That leaves a thief no way in that the check
// would not see: whoever of the two refreshes second, later on, shows a used token.
//
// Thread-safe; coroutines resume on the executor they run on. The parts must outlive it.
#pragma once
#include <boost/asio/awaitable.hpp>

#include "accounts/identity/revocations.hpp"
#include "accounts/sessions/session_records.hpp"
#include "accounts/users/account_records.hpp"
#include "base/clock.hpp"

namespace son1k::accounts {

inline constexpr std::int64_t session_ms = 30LL * 24 * 3'600 * 1'000;  // from its last use
inline constexpr std::int64_t repeat_ms = 10'000;
inline constexpr std::int64_t sessions_of_account_max = 50;
inline constexpr std::string_view refresh_prefix = "rt_";

struct session_origin {
  std::string device;  // cut at 200 bytes
  std::string address;
};

struct open_session {
  account who;
  session of;
  std::string refresh_token;
};

class sessions {
 public:
  sessions(store::database& db, const clock_port& clock, accounts::revocations& told)
      : db_(db), clock_(clock), revocations_(told) {}

  // The account's 51st ends the one that was not used for longest.
  boost::asio::awaitable<result<open_session>> open(account who, session_origin from);
  // unauthenticated: the token is not valid, its session has ended, or the account is disabled; a
  // token that was used before ends its session.
  boost::asio::awaitable<result<open_session>> rotate(std::string refresh_token);

  boost::asio::awaitable<result<std::vector<session>>> list(std::string account);
  // not_found: the account has no such session.
  boost::asio::awaitable<result<void>> end(std::string account, std::string id);
  // All but `keep`, which may be empty.
  boost::asio::awaitable<result<void>> end_all(std::string account, std::string keep);

 private:
  struct lookup {
    std::optional<session_secrets> found;
    account who;
  };
  boost::asio::awaitable<result<lookup>> look_up(std::string family);
  boost::asio::awaitable<result<bool>> renew(session_secrets to, std::string from);

  store::database& db_;
  const clock_port& clock_;
  accounts::revocations& revocations_;
};

// Removes every session of the account but `keep` with the transaction. What to tell afterwards is
// that the whole account is verified anew: a session that stays is found to be valid.
std::vector<revocations::notice> stage_end_of_sessions(store::transaction& tx,
                                                       const revocations& told, std::string account,
                                                       std::string keep);

}  // namespace son1k::accounts
