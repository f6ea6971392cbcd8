// The resource "auth": registering, logging in and out, renewing a session, the first
// administrator's set-up. Tokens go out in the reply, or, for pages that ask with "cookie": true,
// in cookies that no script reads.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

inline constexpr std::string_view refresh_cookie = "son1k_refresh";
inline constexpr std::int64_t access_ms = 900'000;
// Log-ins that are tried for one account, whoever tries: on top of the limit of each address.
inline constexpr std::int64_t tries_of_account = 10;
inline constexpr std::int64_t tries_ms = 300'000;

void bind_auth(endpoint_table& routes, const services& with);

}  // namespace son1k::api
