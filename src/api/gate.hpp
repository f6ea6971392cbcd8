// What every request of the API passes before its handler: who calls (a bearer token, an API key,
// or the cookie of a browser), whether they may, and whether their limits have room. All that a
// caller gets to see of a refusal is decided here.
//
// A token in a cookie is sent by the browser whoever's page asks, so with one the request must come
// from a page of this server: see own_site.
// Thread-safe; what it refers to outlives it.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "accounts/identity/identity.hpp"
#include "accounts/keys/key_uses.hpp"
#include "accounts/limits/limiter.hpp"
#include "accounts/tiers/tier_table.hpp"
#include "api/endpoint.hpp"
#include "api/own_site.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

inline constexpr std::string_view access_cookie = "son1k_access";

struct gate_settings {
  // Of one client address in a minute, whoever calls without an account.
  std::int64_t anonymous_requests = 60;
  // Of one client address in a minute: log-ins and the like, and credentials that are not valid.
  std::int64_t login_requests = 20;
  // So many times the tier's requests may look at what is under way.
  std::int64_t watch_factor = 20;
};

class gate {
 public:
  struct parts {
    accounts::identities& identities;
    const accounts::tier_table& tiers;
    accounts::limiter* limiter = nullptr;  // null: nothing is limited
    // The address of the client, behind trusted proxies.
    std::function<std::string(const net::http_request&)> client_address;
    accounts::key_uses* key_uses = nullptr;  // null: nobody counts them
    own_site site = {};
  };
  explicit gate(parts with, gate_settings settings = {})
      : with_(std::move(with)), settings_(settings) {}

  // What the gate found out of a request.
  struct admitted;
  // The row's handler behind this gate.
  net::handler guard(const endpoint& one) const;

 private:
  boost::asio::awaitable<net::http_response> pass(const endpoint& one,
                                                  net::http_request& request) const;
  boost::asio::awaitable<result<void>> admit(const admission& wanted,
                                             const net::http_request& request,
                                             admitted& caller) const;
  boost::asio::awaitable<result<void>> charge_for(charge counts, admitted& caller) const;
  boost::asio::awaitable<result<void>> take(std::string key, std::int64_t count,
                                            admitted& caller) const;

  const parts with_;
  const gate_settings settings_;
};

}  // namespace son1k::api
