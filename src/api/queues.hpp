// The resource /api/queues: what is in each queue, how it does, and what operators do to it as a
// whole: pause, drain, clean, obliterate, limits.
#pragma once
#include <memory>

#include "api/queue_meter.hpp"
#include "api/services.hpp"
#include "net/router.hpp"

namespace son1k::api {

void bind_queues(net::router& routes, const services& with,
                 std::shared_ptr<const queue_meter> meter);

}  // namespace son1k::api
