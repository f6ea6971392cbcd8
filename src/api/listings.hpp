// The resource /api/nft: finished pieces on offer, with certificates of provenance. It records
// prices and who holds what; it moves no money and mints on no chain. See docs/listings.md.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_listings(endpoint_table& routes, const services& with);

}  // namespace son1k::api
