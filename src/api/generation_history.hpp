// GET /api/generation/history: the pieces of the caller, searched. Part of the resource generation.
#pragma once
#include "api/endpoint.hpp"
#include "api/piece_search.hpp"
#include "api/services.hpp"

namespace son1k::api {

// limit, offset, cursor, status, q, tag, style, favourite, sort. validation, with the parameter's
// name as the field.
result<history_query> read_history_query(const net::http_request& request, std::string owner);

void bind_generation_history(endpoint_table& routes, const services& with);

}  // namespace son1k::api
