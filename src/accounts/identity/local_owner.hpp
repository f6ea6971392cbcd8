// Identity before there are accounts: the server listens on loopback only, and whoever reaches it
// is its owner, who is also its operator. Tokens are not looked at. A web page of another origin is
// not the owner, though it runs on the owner's machine: browsers let any page open a WebSocket.
#pragma once
#include <string>
#include <vector>

#include "accounts/identity/identity.hpp"

namespace son1k::accounts {

// `origins` are pages that may call besides those of the server itself ("http://localhost:5173").
std::unique_ptr<identities> make_local_owner(std::string owner, std::vector<std::string> origins);

}  // namespace son1k::accounts
