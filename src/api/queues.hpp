// The resource /api/queues: what is in each queue, how it does, and what operators do to it as a
// whole: pause, drain, clean, obliterate, limits.
#pragma once
#include <boost/json/array.hpp>
#include <memory>

#include "api/endpoint.hpp"
#include "api/queue_meter.hpp"
#include "api/services.hpp"

namespace son1k::api {

// Every queue with its counts, as GET /api/queues lists them.
result<boost::json::array> list_queues(const services& with);

void bind_queues(endpoint_table& routes, const services& with,
                 std::shared_ptr<const queue_meter> meter);

}  // namespace son1k::api
