// The stems of a finished piece: GET /api/generation/:id/stems, /stems/:name. Nothing of them is
// kept with the piece: the same request gives the same sound, so they are rendered when somebody
// first asks. Part of the resource generation.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_generation_stems(endpoint_table& routes, const services& with);

}  // namespace son1k::api
