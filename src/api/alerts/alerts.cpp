#include "api/alerts/alerts.hpp"

#include <boost/json.hpp>

#include "api/alerts/alert_records.hpp"
#include "api/audit.hpp"
#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

json::value time_or_null(std::int64_t ms) {
  return ms == 0 ? json::value() : json::value(iso_time(ms).chars);
}

json::object to_json(const alert& row, bool spanish) {
  const auto* rule = find_alert_rule(row.rule);
  json::object out{{"id", row.id},
                   {"rule", row.rule},
                   {"subject", row.subject},
                   {"state", row.resolved_at_ms == 0 ? "firing" : "resolved"},
                   {"severity", row.severity},
                   {"value", row.value},
                   {"since", iso_time(row.since_ms).chars},
                   {"seenAt", iso_time(row.seen_at_ms).chars}};
  out["resolvedAt"] = time_or_null(row.resolved_at_ms);
  out["acknowledgedAt"] = time_or_null(row.acknowledged_at_ms);
  out["acknowledgedBy"] =
      row.acknowledged_by.empty() ? json::value() : json::value(row.acknowledged_by);
  // One that an older or newer program knows has no words here.
  out["unit"] = rule != nullptr ? json::value(rule->unit) : json::value();
  out["threshold"] = rule != nullptr ? json::value(rule->warning) : json::value();
  out["message"] = rule != nullptr ? json::value(spanish ? rule->es : rule->en) : json::value();
  return out;
}

result<alert_query> read_query(const http_request& request) {
  parameters in(request);
  alert_query out;
  out.state = in.text("state").value_or("");
  out.before = in.text("cursor").value_or("");
  out.limit = static_cast<int>(in.integer("limit", 1, 100).value_or(50));
  if (auto ok = in.finish(); !ok) return ok.error();
  if (out.state.empty() || out.state == "firing" || out.state == "resolved") return out;
  return error(errc::validation, "state",
               text("must be firing or resolved", "debe ser firing o resolved"));
}

awaitable<http_response> list(services_ptr with, http_request& request) {
  auto query = read_query(request);
  if (!query) co_return refuse(query.error(), request);
  const auto limit = query->limit;
  auto work = [query = std::move(*query)](store::connection& db) { return list_alerts(db, query); };
  auto rows = co_await store::async_read(with->database, std::move(work));
  if (!rows) co_return refuse(rows.error(), request);
  const bool spanish = prefers_spanish(request.header("accept-language"));
  json::array items;
  for (const auto& row : *rows) items.emplace_back(to_json(row, spanish));
  const bool full = items.size() == static_cast<std::size_t>(limit);
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] = full ? json::value(rows->back().id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

awaitable<http_response> acknowledge(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  if (!request.body.empty()) {
    const auto body = parse_json(request.body);
    if (!body) co_return refuse(body.error(), request);
    if (auto ok = object_reader(*body).finish(); !ok) co_return refuse(ok.error(), request);
  }
  std::string id(request.param("id"));
  auto after = std::make_shared<alert>();
  store::transaction tx;
  tx.stage([after, id, by = caller_of(request).user,
            now = with->clock.now_ms()](store::connection& db) -> result<void> {
    auto row = acknowledge_alert(db, id, by, now);
    if (!row) return row.error();
    *after = std::move(*row);
    return {};
  });
  tx.stage_beside(recorded(*with, request), id);
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse(done.error(), request);
  const bool spanish = prefers_spanish(request.header("accept-language"));
  co_return reply(200, json::value(to_json(*after, spanish)));
}

}  // namespace

void bind_alerts(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(1'024);
  routes.add_all({
      {http_method::get, "/api/admin/alerts", bound(list), reads_consoles},
      {http_method::post, "/api/admin/alerts/:id/acknowledge", bound(acknowledge),
       recorded_within(operates), small},
  });
}

}  // namespace son1k::api
