// The files of a finished piece: /api/generation/:id/audio?format=, /midi, /peaks. Range, ETag and
// conditional requests; another audio format is made from the kept master at the first request.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_generation_files(endpoint_table& routes, const services& with);

}  // namespace son1k::api
