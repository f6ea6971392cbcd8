#include "accounts/identity/identity.hpp"

#include <algorithm>

namespace son1k::accounts {

bool identity::has(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

bool identity::may(std::string_view scope) const {
  return shown != credential::api_key ||
         std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

bool revocation::concerns(const identity& who) const {
  return who.user == user && (session.empty() || session == who.session);
}

}  // namespace son1k::accounts
