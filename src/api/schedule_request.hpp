// Schedules as JSON says them, both ways. Pure; thread-safe.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "queue/schedules/schedule.hpp"

namespace son1k::api {

struct schedule_request {
  queue::schedule_spec spec;
  std::optional<std::int64_t> version;  // an edit: only of this one
};

// {id, queue, kind, data?, options?, user?, cron | every, zone?, startAt?, endAt?, limit?, missed?,
// overlap?, paused?, version?}. Times are ISO 8601 in UTC, or milliseconds. With an `id` of the
// path the body's may be left out and must not differ. malformed, validation; what the values may
// be is queue::check's to say.
result<schedule_request> read_schedule(std::string_view body, std::string_view id = {});

struct preview_request {
  queue::schedule_spec spec;
  std::int64_t count = 10;
};
// {cron | every, zone?, startAt?, endAt?, limit?, n?}
result<preview_request> read_preview(std::string_view body);

boost::json::object to_json(const queue::schedule& from);
boost::json::array times_json(const std::vector<std::int64_t>& times_ms);

}  // namespace son1k::api
