// The resource /api/workers: who runs jobs, and what they are told: pause, resume, drain.
#pragma once
#include "api/services.hpp"
#include "net/router.hpp"

namespace son1k::api {

void bind_workers(net::router& routes, const services& with);

}  // namespace son1k::api
