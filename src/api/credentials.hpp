// What a request shows of its caller: where a token stands in it, and whether a browser put it
// there by itself. Pure functions; thread-safe.
#pragma once
#include <string>

#include "api/own_site.hpp"
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

// As own_site::check_page. For whoever shows a cookie, or wants to be given one.
result<void> check_page(const net::http_request& request, const own_site& site);

// The value of a cookie of that name (RFC 6265 section 4.2); empty: it was not sent.
std::string_view cookie_of(const net::http_request& request, std::string_view name);
// The same in one Cookie field.
std::string_view cookie_in(std::string_view field, std::string_view name);

}  // namespace son1k::api
