// The rows of sessions. Statements only; calls run inside a unit of work or a read of the database,
// on its threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

struct session {
  std::string id;
  std::string account;
  std::string device;   // what the client calls itself
  std::string address;  // from where it was opened
  std::int64_t created_at_ms = 0;
  std::int64_t used_at_ms = 0;
  std::int64_t expires_at_ms = 0;
};

// A session with what its refresh token is known by.
struct session_secrets {
  session of;
  std::string token;         // digest of the changing part that is valid
  std::string token_before;  // of the one before
  std::string seed;          // base64url
};

result<void> insert_session(store::connection& db, const session_secrets& row,
                            std::string_view family);
result<std::optional<session_secrets>> session_by_family(store::connection& db,
                                                         std::string_view family);
// Sets the new secrets if the valid one is still `from`; whether it was.
result<bool> rotate_session(store::connection& db, const session_secrets& to,
                            std::string_view from);
// Whether it is open and the account's.
result<bool> is_open_session(store::connection& db, std::string_view account, std::string_view id,
                             std::int64_t now_ms);
// Open ones, newest first.
result<std::vector<session>> list_sessions(store::connection& db, std::string_view account,
                                           std::int64_t now_ms);
// How many went: one, or all of the account but `keep`.
result<std::int64_t> remove_session(store::connection& db, std::string_view account,
                                    std::string_view id);
result<std::int64_t> remove_sessions_but(store::connection& db, std::string_view account,
                                         std::string_view keep);
// Leaves the newest `most`.
result<void> remove_oldest_sessions(store::connection& db, std::string_view account,
                                    std::int64_t most);
// Removes those that expired, at most `most`; how many.
result<std::int64_t> forget_sessions(store::connection& db, std::int64_t now_ms, std::int64_t most);

}  // namespace son1k::accounts
