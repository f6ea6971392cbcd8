// The resource /api/workers: who runs jobs, and what they are told: pause, resume, drain.
#pragma once
#include <boost/json/array.hpp>

#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

// Every worker, as GET /api/workers lists them.
boost::json::array list_workers(const services& with);

void bind_workers(endpoint_table& routes, const services& with);

}  // namespace son1k::api
