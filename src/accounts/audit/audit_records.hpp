// What operators and administrators did, as rows that are only ever added: the database itself
// refuses to change one, and to remove one of the last 30 days. Statements only. Calls run inside a
// unit of work or a read of the database, on its threads.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/identity/identity.hpp"
#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

inline constexpr std::int64_t audit_days_min = 31;  // beyond what the database keeps by itself

// Of what is not one transaction there are two rows of one request: `asked` stands before anything
// happens, `done` or `refused` once it is over.
inline constexpr std::string_view audit_asked = "asked";
inline constexpr std::string_view audit_done = "done";
inline constexpr std::string_view audit_refused = "refused";

struct audit_entry {
  std::string id;  // UUIDv7
  std::int64_t at_ms = 0;
  std::string actor;   // the account
  std::string shown;   // how it showed who it is: see shown_name()
  std::string role;    // the highest it has
  std::string action;  // "users.change"
  std::string target;  // what it was done to; may be empty
  std::string address;
  std::string request_id;
  std::string outcome;
  std::string details = "{}";  // a JSON object, without secrets
};

struct audit_query {
  std::string actor, target;       // empty: any
  std::string action;              // one action, or "users." for all of a group; empty: any
  std::int64_t from_ms = 0;        // from here on …
  std::int64_t to_ms = INT64_MAX;  // … and before here
  std::string before;              // id of the last row of the page before; empty: the newest
  int limit = 50;
};

// "session", "key", "local", "external", "service".
std::string_view shown_name(credential how);
// The highest of an identity's roles: "admin", "operator", …; empty: it has none.
std::string_view highest_role(const identity& who);

// conflict: there is a row of this id.
result<void> insert_audit(store::connection& db, const audit_entry& row);
// Newest first.
result<std::vector<audit_entry>> list_audit(store::connection& db, const audit_query& query);
// Removes at most `most` rows older than `days` (audit_days_min at least); how many.
result<std::int64_t> forget_audit(store::connection& db, std::int64_t now_ms, std::int64_t days,
                                  std::int64_t most);

}  // namespace son1k::accounts
