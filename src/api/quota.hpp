// What the caller's tier allows, how much of it is used, and the ledger that says what for:
// GET /api/auth/tier, /api/auth/limits, /api/user/ledger.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_quota(endpoint_table& routes, const services& with);

}  // namespace son1k::api
