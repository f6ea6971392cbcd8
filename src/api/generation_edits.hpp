// What the owner of a piece does to it: POST /api/generation/:id/retry, PUT and DELETE
// /api/generation/:id. Part of the resource generation.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_generation_edits(endpoint_table& routes, const services& with);

}  // namespace son1k::api
