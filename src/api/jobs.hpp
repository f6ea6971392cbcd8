// The resource /api/jobs: any job of any queue, for operators: add, find, look at, act on one, act
// on all that match a query.
#pragma once
#include "api/services.hpp"
#include "net/router.hpp"

namespace son1k::api {

void bind_jobs(net::router& routes, const services& with);

}  // namespace son1k::api
