// How jobs look in replies. Pure functions; thread-safe.
#pragma once
#include <boost/json/object.hpp>
#include <span>
#include <string>

#include "queue/history/history.hpp"
#include "queue/job.hpp"

namespace son1k::api {

// One row of a list: without data, result, options and logs.
boost::json::object render_row(const queue::job_view& job);
boost::json::object render_row(const queue::found_job& job);
// All of it, but the lines of its log, which are only counted.
boost::json::object render_whole(const queue::job_view& job);
boost::json::array render_children(std::span<const queue::child_view> children);
// What happened to the job, from the first: [{at, event, worker?, error?, …}].
boost::json::array render_timeline(const queue::job_view& job,
                                   std::span<const queue::past_run> runs);

}  // namespace son1k::api
