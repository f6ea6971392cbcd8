// GET /api/admin/alerts, for those who read consoles: what is amiss, what was.
// POST /api/admin/alerts/:id/acknowledge, for operators: somebody sees to it.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_alerts(endpoint_table& routes, const services& with);

}  // namespace son1k::api
