#include "queue/embedded/limits_table.hpp"

#include <boost/json.hpp>

#include "queue/embedded/table_values.hpp"

namespace son1k::queue::embedded {
namespace {

namespace json = boost::json;
using store::statement;
using store::value;

json::object object_of(const group_limits& limits) {
  json::object out{{"concurrency", limits.concurrency}};
  if (limits.rate) out["rate"] = {limits.rate->max, limits.rate->per_ms};
  return out;
}

std::int64_t integer(const json::object& in, const char* name, std::int64_t usual) {
  const auto* found = in.if_contains(name);
  return found != nullptr && found->is_int64() ? found->get_int64() : usual;
}

group_limits group_of(const json::object& in) {
  group_limits out;
  out.concurrency = integer(in, "concurrency", 0);
  const auto* rate = in.if_contains("rate");
  if (rate == nullptr || !rate->is_array() || rate->get_array().size() != 2) return out;
  const auto& pair = rate->get_array();
  if (pair[0].is_int64() && pair[1].is_int64())
    out.rate = rate_limit{pair[0].get_int64(), pair[1].get_int64()};
  return out;
}

json::object parsed(std::string_view text) {
  boost::system::error_code ec;
  auto found = json::parse({text.data(), text.size()}, ec);
  return ec || !found.is_object() ? json::object() : std::move(found.get_object());
}

}  // namespace

std::string encode_limits(const group_limits& limits) {
  return json::serialize(object_of(limits));
}

std::string encode_limits(const queue_limits& limits) {
  auto out = object_of({limits.concurrency, limits.rate});
  out["group"] = object_of(limits.each_group);
  out["ageing"] = limits.ageing_ms;
  return json::serialize(out);
}

result<void> save_limits(store::connection& c, std::string_view queue, std::string_view limits) {
  static const statement sql(
      "INSERT INTO job_queue (name, paused, limits) VALUES ($1, 0, $2)"
      " ON CONFLICT (name) DO UPDATE SET limits = excluded.limits");
  return done(c.execute(sql, {value(queue), value(limits)}));
}

result<void> save_group_limits(store::connection& c, std::string_view queue, std::string_view group,
                               const std::optional<std::string>& limits) {
  static const statement put(
      "INSERT INTO job_group (queue, name, limits) VALUES ($1, $2, $3)"
      " ON CONFLICT (queue, name) DO UPDATE SET limits = excluded.limits");
  static const statement drop("DELETE FROM job_group WHERE queue = $1 AND name = $2");
  if (!limits) return done(c.execute(drop, {value(queue), value(group)}));
  return done(c.execute(put, {value(queue), value(group), value(std::string_view(*limits))}));
}

result<void> scan_limits(store::connection& c,
                         const std::function<void(std::string_view, const queue_limits&)>& visit) {
  static const statement sql(
      "SELECT name, limits FROM job_queue WHERE limits IS NOT NULL ORDER BY name");
  return c.query(sql, {}, [&](const store::row& r) {
    const auto in = parsed(r.text(1));
    const auto whole = group_of(in);
    queue_limits out;
    out.concurrency = whole.concurrency;
    out.rate = whole.rate;
    out.ageing_ms = integer(in, "ageing", out.ageing_ms);
    const auto* group = in.if_contains("group");
    if (group != nullptr && group->is_object()) out.each_group = group_of(group->get_object());
    if (check(out)) visit(r.text(0), out);
    return true;
  });
}

result<void> scan_group_limits(
    store::connection& c,
    const std::function<void(std::string_view, std::string_view, const group_limits&)>& visit) {
  static const statement sql("SELECT queue, name, limits FROM job_group ORDER BY queue, name");
  return c.query(sql, {}, [&](const store::row& r) {
    const auto out = group_of(parsed(r.text(2)));
    if (check(out)) visit(r.text(0), r.text(1), out);
    return true;
  });
}

}  // namespace son1k::queue::embedded
