// What may be done to one job: POST /api/jobs/:id/retry and its kin. Part of the resource jobs.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>

#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

// The job with this id; an empty `queue` looks in all of them. not_found · conflict: several queues
// have it.
boost::asio::awaitable<result<queue::job_view>> locate_job(const services& with, std::string queue,
                                                           std::string id);

void bind_job_actions(endpoint_table& routes, const services& with);

}  // namespace son1k::api
