// The resource /api/schedules: what runs at given times.
#pragma once
#include "api/services.hpp"
#include "net/router.hpp"

namespace son1k::api {

void bind_schedules(net::router& routes, const services& with);

}  // namespace son1k::api
