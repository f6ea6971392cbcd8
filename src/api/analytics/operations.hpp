// GET /api/analytics/realtime and /admin/system: how the system is doing now.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_operations(endpoint_table& routes, const services& with);

}  // namespace son1k::api
