// The resource /api/schedules: what runs at given times.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_schedules(endpoint_table& routes, const services& with);

}  // namespace son1k::api
