// Share links: /api/generation/:id/share for the owner of a piece, /api/shared/:token for whoever
// has a link. A link's token has 256 random bits and is kept as a digest, so it is told once.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_shares(endpoint_table& routes, const services& with);

}  // namespace son1k::api
