// What the resources of accounts call: who there is, sessions, keys, tokens. Owned by the wiring in
// app; outlives the server. Thread-safe by its parts.
#pragma once
#include <functional>

#include "accounts/jwt/jwt.hpp"
#include "accounts/keys/api_keys.hpp"
#include "accounts/sessions/sessions.hpp"
#include "accounts/users/setup.hpp"
#include "accounts/users/users.hpp"

namespace son1k::api {

struct account_engines {
  accounts::users& users;
  accounts::sessions& sessions;
  accounts::api_keys& keys;
  accounts::setup& setup;
  const accounts::token_issuer& tokens;
  bool registration = true;             // anybody may make an account
  std::function<void()> on_setup_done;  // the link is of no more use; may be empty
};

}  // namespace son1k::api
