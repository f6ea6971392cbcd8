// Figures of one's own pieces and keys, and of everybody's for those who read the consoles; what
// clients report of themselves. See docs/analytics.md.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_analytics(endpoint_table& routes, const services& with);

// Removes at most so many rows of what analytics keep for their time; how many.
result<std::int64_t> forget_analytics(store::connection& db, std::int64_t now_ms,
                                      std::int64_t most);

}  // namespace son1k::api
