// The resource /api/jobs: any job of any queue, for operators: add, find, look at, act on one, act
// on all that match a query.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_jobs(endpoint_table& routes, const services& with);

}  // namespace son1k::api
