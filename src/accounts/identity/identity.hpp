// Who calls: the `identities` port turns what a caller shows into a verified identity. What a
// caller says of itself is never taken for one.
//
// Threads: all methods may be called from any thread; coroutines resume on the executor they run
// on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace son1k::accounts {

// Of a higher role's identity, `roles` names the lower ones too. `user` is anyone with an account;
// a viewer reads the consoles, an operator acts there, an admin sees to the users as well; `system`
// is a service.
inline constexpr std::string_view user_role = "user";
inline constexpr std::string_view viewer_role = "viewer";
inline constexpr std::string_view operator_role = "operator";
inline constexpr std::string_view admin_role = "admin";
inline constexpr std::string_view system_role = "system";

// How somebody showed who they are.
enum class credential {
  local,     // can read the data folder of this machine
  session,   // logged in here
  api_key,   // a key of theirs, which may allow less than they may
  external,  // a token of another issuer that this deployment trusts
  service,   // the shared secret of the deployment's own services
};

struct identity {
  std::string user;
  std::string name;  // for other people to read
  std::vector<std::string> roles;
  std::string session;             // what can be revoked apart from the user's others; may be empty
  std::int64_t expires_at_ms = 0;  // UTC; 0: never
  std::string tier = "FREE";
  std::vector<std::string> scopes;  // of an API key: all it may do; else empty, which is everything
  credential shown = credential::session;
  bool has(std::string_view role) const;
  // An API key may do this ("read", "generate", "manage", "operate"); anyone else may.
  bool may(std::string_view scope) const;
};

// What the connection itself tells.
struct caller_facts {
  std::string remote_address;
  std::string origin;  // of the page that calls; empty: no browser
  std::string host;    // that was asked for
};

// No longer valid from now on: a session, or with an empty `session` all those of the user.
struct revocation {
  std::string user;
  std::string session;
  bool concerns(const identity& who) const;
};

inline constexpr std::size_t token_bytes_max = 8 * 1'024;

class identities {
 public:
  virtual ~identities() = default;
  // unauthenticated: the token is not valid, or there must be one · forbidden: not from there ·
  // unavailable.
  virtual boost::asio::awaitable<result<identity>> verify(caller_facts from, std::string token) = 0;
  // Called on any thread, within a second of the revocation; it must be short. Ends with the
  // handle.
  virtual std::shared_ptr<void> on_revoked(std::function<void(const revocation&)> told) = 0;
};

}  // namespace son1k::accounts
