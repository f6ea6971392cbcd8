// The resource /api/dead-letters: failed jobs in groups of the same error, to be replayed or
// purged.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_dead_letters(endpoint_table& routes, const services& with);

}  // namespace son1k::api
