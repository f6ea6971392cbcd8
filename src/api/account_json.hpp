// Accounts, sessions and keys as replies tell them: never a password's hash, a token's digest or
// what a key was. Pure functions; thread-safe.
#pragma once
#include <boost/json/object.hpp>

#include "accounts/keys/api_keys.hpp"
#include "accounts/sessions/session_records.hpp"
#include "accounts/users/account_records.hpp"

namespace son1k::api {

boost::json::object to_json(const accounts::account& row);
// `current` is the session that asks.
boost::json::object to_json(const accounts::session& row, std::string_view current);
boost::json::object to_json(const accounts::api_key& row);

}  // namespace son1k::api
