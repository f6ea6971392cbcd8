// What was sent to a webhook, again if wanted, and a message that only tries it.
#include "webhooks/deliveries.hpp"

#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "api/webhooks/webhooks.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
using webhooks::delivery;
namespace {

using context_ptr = std::shared_ptr<const services>;

constexpr std::int64_t deliveries_page_usual = 20;
constexpr std::int64_t deliveries_page_max = 100;
constexpr std::array<std::string_view, 4> delivery_states{"pending", "delivered", "failed",
                                                          "dropped"};

json::value time_or_none(std::int64_t ms) {
  return ms == 0 ? json::value() : json::value(iso_time(ms).chars);
}

json::object view_of(const delivery& d) {
  json::object out{{"id", d.id},
                   {"messageId", d.message},
                   {"event", d.event},
                   {"state", d.state},
                   {"attempts", d.attempts},
                   {"createdAt", iso_time(d.created_at_ms).chars},
                   {"triedAt", time_or_none(d.tried_at_ms)},
                   {"endedAt", time_or_none(d.ended_at_ms)}};
  if (d.attempts > 0) {
    out["status"] = d.status == 0 ? json::value() : json::value(d.status);
    out["tookMs"] = d.took_ms;
    if (!d.problem.empty()) out["problem"] = d.problem;
  }
  return out;
}

error bad_parameter(std::string field, text why) {
  return {errc::validation, std::move(field), std::move(why)};
}

struct page_wanted {
  std::string owner, webhook, before, state;
  std::int64_t most = deliveries_page_usual;
};

result<page_wanted> read_page(const http_request& request) {
  parameters in(request);
  page_wanted out;
  out.owner = caller_of(request).user;
  out.webhook = request.param("id");
  out.most = in.integer("limit", 1, deliveries_page_max).value_or(deliveries_page_usual);
  out.before = in.text("cursor").value_or("");
  out.state = in.text("state").value_or("");
  if (auto ok = in.finish(); !ok) return ok.error();
  if (!out.before.empty() && webhooks::webhook_of(out.before) != out.webhook)
    return bad_parameter("cursor", {"must be the cursor of an earlier page",
                                    "debe ser el cursor de una página anterior"});
  if (!out.state.empty() && std::find(delivery_states.begin(), delivery_states.end(), out.state) ==
                                delivery_states.end()) {
    return bad_parameter("state", {"must be pending, delivered, failed or dropped",
                                   "debe ser pending, delivered, failed o dropped"});
  }
  return out;
}

awaitable<http_response> list(context_ptr with, http_request& request) {
  auto page = read_page(request);
  if (!page) co_return refuse(page.error(), request);
  auto work = [p = *page](store::connection& db) -> result<std::vector<delivery>> {
    auto mine = webhooks::find_webhook(db, p.owner, p.webhook);
    if (!mine) return mine.error();
    return webhooks::list_deliveries(db, p.webhook, p.before, p.state, p.most);
  };
  auto rows = co_await store::async_read(with->database, std::move(work));
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& row : *rows) items.emplace_back(view_of(row));
  const bool full = static_cast<std::int64_t>(rows->size()) == page->most;
  json::object pagination{{"limit", page->most}};
  pagination["nextCursor"] = full ? json::value(rows->back().id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

struct found_delivery {
  webhooks::webhook to;
  delivery what;
};

// Of the caller's webhook in the path; without a delivery there, the webhook alone.
awaitable<result<found_delivery>> find(context_ptr with, std::string owner, std::string webhook,
                                       std::string id) {
  auto work = [=](store::connection& db) -> result<found_delivery> {
    found_delivery out;
    auto mine = webhooks::find_webhook(db, owner, webhook);
    if (!mine) return mine.error();
    out.to = std::move(*mine);
    if (id.empty()) return out;
    const bool of_it = webhooks::webhook_of(id) == webhook;
    auto what = webhooks::find_delivery(db, of_it ? id : std::string());
    if (!what) return what.error();
    out.what = std::move(*what);
    return out;
  };
  auto found = co_await store::async_read(with->database, std::move(work));
  co_return found;
}

awaitable<http_response> show(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string webhook(request.param("id"));
  std::string id(request.param("delivery"));
  auto found = co_await find(with, caller_of(request).user, std::move(webhook), std::move(id));
  if (!found) co_return refuse(found.error(), request);
  auto view = view_of(found->what);
  boost::system::error_code ec;
  view["payload"] = json::parse(found->what.payload, ec);
  co_return reply(200, json::value(std::move(view)));
}

// Stages one message and tells its id; under an Idempotency-Key once.
awaitable<http_response> send(context_ptr with, delivery what, http_request& request) {
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto data = json::serialize(
      json::object{{"deliveryId", what.id}, {"messageId", what.message}, {"state", "pending"}});
  store::transaction tx;
  webhooks::stage_delivery(tx, std::move(what));
  auto out = co_await commit_and_reply(*with, std::move(tx), std::move(keyed.key), 202,
                                       std::move(data), request);
  co_return out;
}

awaitable<http_response> replay(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string webhook(request.param("id"));
  std::string id(request.param("delivery"));
  auto found = co_await find(with, caller_of(request).user, std::move(webhook), std::move(id));
  if (!found) co_return refuse(found.error(), request);
  delivery again = std::move(found->what);
  again.id = webhooks::delivery_id(again.webhook);
  again.forced = true;
  again.created_at_ms = with->clock.now_ms();
  auto out = co_await send(with, std::move(again), request);
  co_return out;
}

awaitable<http_response> ping(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string webhook(request.param("id"));
  auto found = co_await find(with, caller_of(request).user, std::move(webhook), std::string());
  if (!found) co_return refuse(found.error(), request);
  delivery what;
  what.webhook = found->to.id;
  what.owner = found->to.owner;
  what.id = webhooks::delivery_id(what.webhook);
  what.message = "msg_" + what.id.substr(0, what.id.find('.'));
  what.event = webhooks::ping_event;
  what.forced = true;
  what.created_at_ms = with->clock.now_ms();
  what.payload = webhooks::payload_of(what.event, what.created_at_ms,
                                      json::serialize(json::object{{"webhookId", what.webhook}}));
  auto out = co_await send(with, std::move(what), request);
  co_return out;
}

}  // namespace

void bind_webhook_deliveries(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  routes.add_all({
      {http_method::post, "/api/webhooks/:id/ping", bound(ping), manages_own},
      {http_method::get, "/api/webhooks/:id/deliveries", bound(list), reads_own},
      {http_method::get, "/api/webhooks/:id/deliveries/:delivery", bound(show), reads_own},
      {http_method::post, "/api/webhooks/:id/deliveries/:delivery/replay", bound(replay),
       manages_own},
  });
}

}  // namespace son1k::api
