// The rows of accounts: what is stored of who uses the program, and how it is found again.
// Statements only. Calls run inside a unit of work or a read of the database, on its threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

// Whoever can read the data folder, and the services that know BACKEND_SECRET.
inline constexpr std::string_view local_account = "local";
inline constexpr std::string_view system_account = "system";

struct account {
  std::string id;
  std::string email;  // may be empty
  std::string name;
  std::string role = "user";  // user | viewer | operator | admin | system
  std::string tier = "FREE";
  std::string external_id;          // the subject at another issuer; empty: signs in here
  bool has_password = false;        // read only
  std::int64_t disabled_at_ms = 0;  // 0: not
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
};

struct account_query {
  std::string before;  // id of the last row of the page before; empty: the newest
  std::string search;  // part of the e-mail or name, whatever its case; empty: any
  int limit = 50;
};

// How an e-mail is known: without the spaces around it, in lower case.
std::string login_of(std::string_view email);
// validation: it cannot be one.
result<void> check_email(std::string_view field, std::string_view email);
// A role that an account may be given: user, viewer, operator, admin.
bool is_role(std::string_view role);
// The role with those below it.
std::vector<std::string> roles_of(std::string_view role);

// not_found.
result<account> find_account(store::connection& db, std::string_view id);
result<std::optional<account>> account_by_login(store::connection& db, std::string_view login);
result<std::optional<account>> account_by_external_id(store::connection& db,
                                                      std::string_view external_id);
// Its Argon2id text; empty: none.
result<std::string> password_of(store::connection& db, std::string_view id);
// Newest first.
result<std::vector<account>> list_accounts(store::connection& db, const account_query& query);
// Whether an administrator can sign in.
result<bool> has_administrator(store::connection& db);

// conflict: the e-mail, the id or the external id is taken.
result<void> insert_account(store::connection& db, const account& row, std::string_view login,
                            std::string_view password);

}  // namespace son1k::accounts
