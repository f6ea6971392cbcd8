// POST /api/analytics/track: what clients report of themselves.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_report(endpoint_table& routes, const services& with);

}  // namespace son1k::api
