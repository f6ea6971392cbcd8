// What goes with a listing: its certificate, the keys that sign, metadata for those who mint, and
// the sound for who holds it. Part of the resource listings.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_listing_papers(endpoint_table& routes, const services& with);

}  // namespace son1k::api
