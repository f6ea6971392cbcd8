// The caller's webhooks: where they want to be told, their secrets, what was sent and what came of
// it. See docs/webhooks.md.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_webhooks(endpoint_table& routes, const services& with);
void bind_webhook_deliveries(endpoint_table& routes, const services& with);

}  // namespace son1k::api
