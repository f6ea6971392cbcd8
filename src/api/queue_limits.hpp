// Limits of queues and groups as JSON: {concurrency, rate: {max, duration}, eachGroup: {…},
// ageing}. Times in milliseconds; what is absent has no limit (ageing: its default). Pure
// functions.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/error.hpp"
#include "queue/control.hpp"

namespace son1k::api {

result<queue::queue_limits> read_queue_limits(const boost::json::value& from);
result<queue::group_limits> read_group_limits(const boost::json::value& from,
                                              const std::string& where = "");
boost::json::object to_json(const queue::queue_limits& limits);
boost::json::object to_json(const queue::group_limits& limits);

}  // namespace son1k::api
