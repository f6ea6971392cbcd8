#include "queue/redis/next_run.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "queue/schedules/timing.hpp"

namespace son1k::queue::redis {
namespace json = boost::json;

namespace {

json::object object_of(std::string_view text) {
  boost::system::error_code ec;
  auto value = json::parse({text.data(), text.size()}, ec);
  return !ec && value.is_object() ? std::move(value.get_object()) : json::object();
}

std::int64_t integer_or_0(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  boost::system::error_code ec;
  return v != nullptr && v->is_number() ? v->to_number<std::int64_t>(ec) : 0;
}

// 0: none. Runs that were missed are left out.
result<std::int64_t> due_after(const net::redis_value& f, std::int64_t last, std::int64_t now) {
  const auto number = [&](std::string_view name) { return f.at(name).number_or(0); };
  std::int64_t due = 0;
  if (const auto every = number("every"); every > 0) {
    due = last + every;
    if (due < now) due += (now - due + every - 1) / every * every;
  } else {
    const auto zone = f.at("tz").bytes();
    const auto when = timing::by_cron(f.at("pattern").bytes(), zone.empty() ? "UTC" : zone);
    if (!when) return when.error();
    due = when->next(std::max({last, now, number("startDate") - 1})).value_or(0);
  }
  const auto end = number("endDate");
  return end > 0 && due > end ? 0 : due;
}

// What stock workers read of it when that run starts.
json::object repeat_of(const net::redis_value& f, std::int64_t count) {
  json::object out{{"count", count}};
  for (const char* name : {"every", "limit", "startDate", "endDate", "offset"})
    if (const auto n = f.at(name).number(); n && *n != 0) out[name] = *n;
  for (const char* name : {"pattern", "tz"})
    if (!f.at(name).is_nil()) out[name] = f.at(name).bytes();
  return out;
}

}  // namespace

result<std::optional<words>> next_run(const std::string& queue, const std::string& id,
                                      const net::redis_value& told, std::int64_t now_ms) {
  if (told.size() == 0) return std::optional<words>();
  const std::string scheduler(told[0].bytes());
  const auto last = told[1].number_or(0);
  const auto& f = told[3];
  const auto started = object_of(told[2].bytes());
  const auto* repeat = started.if_contains("repeat");
  const auto count =
      (repeat != nullptr && repeat->is_object() ? integer_or_0(repeat->get_object(), "count") : 0) +
      1;
  const auto limit = f.at("limit").number_or(0);
  if (f.size() == 0 || (limit > 0 && count > limit)) return std::optional<words>();
  const auto due = due_after(f, last, now_ms);
  if (!due) return due.error();
  if (*due == 0) return std::optional<words>();
  auto options = object_of(f.at("opts").bytes());
  options["repeat"] = repeat_of(f, count);
  options["repeatJobKey"] = scheduler;
  options["jobId"] = "repeat:" + scheduler + ':' + std::to_string(*due);
  options["timestamp"] = now_ms;
  options["delay"] = std::max<std::int64_t>(*due - now_ms, 0);
  if (!f.at("pattern").is_nil()) options["prevMillis"] = *due;
  const auto* lifo = options.if_contains("lifo");
  const bool front = lifo != nullptr && lifo->is_bool() && lifo->get_bool();
  words add;
  add.add(queue).add(id).add("add").add(*due).add(told[1].bytes()).add(json::serialize(options));
  add.add(f.at("name").bytes());
  add.add(f.at("data").is_nil() ? "{}" : f.at("data").bytes());
  add.add(integer_or_0(options, "priority")).add(front);
  return std::optional<words>(std::move(add));
}

}  // namespace son1k::queue::redis
