// What an account does with itself: its profile, password, sessions and API keys.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_own_account(endpoint_table& routes, const services& with);

}  // namespace son1k::api
