// Identity of calls that come over no socket: a command that opened the data folder itself can do
// whatever it likes with it, so it is the folder's owner. Tokens are not looked at, so it is never
// given to a server.
#pragma once
#include <string>

#include "accounts/identity/identity.hpp"

namespace son1k::accounts {

std::unique_ptr<identities> make_local_owner(std::string owner);

}  // namespace son1k::accounts
