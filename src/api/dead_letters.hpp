// The resource /api/dead-letters: failed jobs in groups of the same error, to be replayed or
// purged.
#pragma once
#include "api/services.hpp"
#include "net/router.hpp"

namespace son1k::api {

void bind_dead_letters(net::router& routes, const services& with);

}  // namespace son1k::api
