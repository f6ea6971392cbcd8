#include "api/queue_limits.hpp"

#include <boost/json.hpp>

#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

constexpr std::int64_t concurrency_max = 1'000'000;
constexpr std::int64_t window_ms_max = 86'400'000;
constexpr std::int64_t ageing_ms_max = 366LL * 86'400'000;

result<void> read_rate(object_reader& in, const std::string& where,
                       std::optional<queue::rate_limit>& to) {
  const auto* from = in.any("rate");
  if (from == nullptr) return {};
  object_reader fields(*from, where + "rate.");
  fields.require("max");
  queue::rate_limit out;
  out.max = fields.integer("max", 1, queue::rate_limit_max).value_or(out.max);
  out.per_ms = fields.integer("duration", 1, window_ms_max).value_or(out.per_ms);
  to = out;
  return fields.finish();
}

void write_common(json::object& out, std::int64_t concurrency,
                  const std::optional<queue::rate_limit>& rate) {
  out["concurrency"] = concurrency;
  out["rate"] = nullptr;
  if (rate) out["rate"] = {{"max", rate->max}, {"duration", rate->per_ms}};
}

}  // namespace

result<queue::group_limits> read_group_limits(const json::value& from, const std::string& where) {
  object_reader in(from, where);
  queue::group_limits out;
  out.concurrency = in.integer("concurrency", 0, concurrency_max).value_or(0);
  if (auto ok = read_rate(in, where, out.rate); !ok) return ok.error();
  if (auto ok = in.finish(); !ok) return ok.error();
  return out;
}

result<queue::queue_limits> read_queue_limits(const json::value& from) {
  object_reader in(from);
  queue::queue_limits out;
  out.concurrency = in.integer("concurrency", 0, concurrency_max).value_or(0);
  out.ageing_ms = in.integer("ageing", 0, ageing_ms_max).value_or(out.ageing_ms);
  if (auto ok = read_rate(in, "", out.rate); !ok) return ok.error();
  const auto* each = in.any("eachGroup");
  if (auto ok = in.finish(); !ok) return ok.error();
  if (each != nullptr) {
    auto group = read_group_limits(*each, "eachGroup.");
    if (!group) return group.error();
    out.each_group = *group;
  }
  return out;
}

json::object to_json(const queue::group_limits& limits) {
  json::object out;
  write_common(out, limits.concurrency, limits.rate);
  return out;
}

json::object to_json(const queue::queue_limits& limits) {
  json::object out;
  write_common(out, limits.concurrency, limits.rate);
  out["eachGroup"] = to_json(limits.each_group);
  out["ageing"] = limits.ageing_ms;
  return out;
}

}  // namespace son1k::api
