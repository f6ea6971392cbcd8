// GET /api/openapi.json and GET /api/docs: the description of the API for programs, and a page that
// shows it to people and lets them try it. Nothing of it comes from elsewhere.
#pragma once
#include <string>

#include "api/endpoint.hpp"
#include "net/router.hpp"

namespace son1k::api {

// Adds both rows to the table, and what the page loads to the router. The document is made of the
// table at its first request, so later rows are in it too; the table outlives the router.
void bind_docs(endpoint_table& table, net::router& routes, std::string version);

}  // namespace son1k::api
