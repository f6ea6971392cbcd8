// What a request shows of its caller: where a token stands in it, and whether a browser put it
// there by itself. Pure functions; thread-safe.
#pragma once
#include <string>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::api {

struct shown_credential {
  std::string token;         // empty: none
  bool from_cookie = false;  // sent by the browser, whoever's page asks
};

// By the first that is there: `Authorization: Bearer …`, `X-API-Key`, the cookie.
// unauthenticated: an Authorization of another kind. That a token is beyond its bounds is found by
// whoever verifies it, so that it is told like any other fault of one.
result<shown_credential> credential_of(const net::http_request& request);

// forbidden (field "Origin"): it may change something and does not come from a page of this server.
result<void> check_same_site(const net::http_request& request);

// The value of a cookie of that name (RFC 6265 section 4.2); empty: it was not sent.
std::string_view cookie_of(const net::http_request& request, std::string_view name);

}  // namespace son1k::api
