// Jobs as JSON says them: the body of POST /api/jobs and whatever else carries a job (schedules,
// flows). Names are those of queue::job_options in camelCase; unknown members are refused, and what
// a value may be is said by queue::check alone.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "queue/job.hpp"

namespace son1k::api {

inline constexpr std::size_t jobs_body_bytes_max = 8 * 1024 * 1024;
inline constexpr std::size_t jobs_of_call_max = 10'000;

// JSON of a body that may hold jobs' data: deeper and wider than other bodies. malformed.
result<boost::json::value> parse_jobs_body(std::string_view body);

// {queue, kind, data, options, id?, user?, parent?, children?}. A child without a queue is of its
// parent's. validation, payload_too_large: the field is its path ("children[0].options.priority").
result<queue::job_spec> read_job(const boost::json::value& from);
// {"jobs":[…]}, at least one.
result<std::vector<queue::job_spec>> read_jobs(const boost::json::value& from);

// The member `options` of a job; `where` is put before the names of fields ("options."). Ranges are
// queue::check's.
result<queue::job_options> read_job_options(const boost::json::value& from,
                                            const std::string& where = "options.");
// What read_job_options reads: attempts and backoff, and what else differs from the defaults.
boost::json::object to_json(const queue::job_options& options);

// The state of a job that is added with this spec.
queue::job_state state_when_added(const queue::job_spec& spec);

}  // namespace son1k::api
