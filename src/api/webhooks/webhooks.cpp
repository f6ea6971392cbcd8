#include "api/webhooks/webhooks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "base/uuid.hpp"
#include "net/guarded_post.hpp"
#include "store/async.hpp"
#include "webhooks/signature.hpp"
#include "webhooks/webhook_records.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using context_ptr = std::shared_ptr<const services>;

constexpr std::size_t webhook_body_bytes_max = 8'192;
constexpr std::size_t description_points_max = 200;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t overlap_hours_usual = 24;
constexpr std::int64_t overlap_hours_max = 168;

json::object view_of(const webhooks::webhook& w, std::int64_t now_ms) {
  json::array events;
  for (const auto& one : w.events) events.emplace_back(one);
  json::object out{{"id", w.id},
                   {"url", w.url},
                   {"events", std::move(events)},
                   {"description", w.description},
                   {"active", w.active},
                   {"disabled", w.disabled_at_ms != 0},
                   {"failures", w.failures},
                   {"createdAt", iso_time(w.created_at_ms).chars},
                   {"updatedAt", iso_time(w.updated_at_ms).chars}};
  if (w.disabled_at_ms != 0) {
    out["disabledAt"] = iso_time(w.disabled_at_ms).chars;
    out["disabledWhy"] = w.disabled_why;
  }
  if (!w.secret_before.empty() && w.before_until_ms > now_ms)
    out["oldSecretUntil"] = iso_time(w.before_until_ms).chars;
  return out;
}

std::string etag_of(const webhooks::webhook& w) {
  return fmt::format("\"{}\"", w.version);
}

http_response reply_webhook(int status, const webhooks::webhook& w, std::int64_t now_ms,
                            const std::string& secret = {}) {
  auto data = view_of(w, now_ms);
  if (!secret.empty()) data["secret"] = secret;
  auto out = reply(status, json::value(std::move(data)));
  out.headers.add("ETag", etag_of(w));
  if (!secret.empty()) out.headers.add("Cache-Control", "no-store");
  return out;
}

result<void> check_events(const std::vector<std::string>& events) {
  auto once = events;
  std::ranges::sort(once);
  const bool twice = std::ranges::adjacent_find(once) != once.end();
  const bool known = std::ranges::all_of(once, [](const auto& one) {
    return std::ranges::find(webhooks::event_names, one) != webhooks::event_names.end();
  });
  if (!twice && known) return {};
  const auto list = fmt::format("{}", fmt::join(webhooks::event_names, ", "));
  return error(errc::validation, "events",
               text("must be of: " + list + "; each once at most",
                    "deben ser de: " + list + "; cada uno una vez"));
}

result<webhooks::webhook_change> read_change(const services& with, const http_request& request,
                                             bool whole) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  webhooks::webhook_change out;
  if (whole) fields.require("url");
  out.url = fields.utf8("url", {1, net::posted_url_bytes_max, false});
  out.events = fields.texts("events", webhooks::event_names.size(), 64);
  out.description = fields.utf8("description", {0, description_points_max, true});
  out.active = fields.boolean("active");
  if (auto ok = fields.finish(); !ok) return ok.error();
  if (out.url) {
    if (auto ok = net::parse_post_address(*out.url, with.reach); !ok) return ok.error();
  }
  if (out.events) {
    if (auto ok = check_events(*out.events); !ok) return ok.error();
  }
  return out;
}

awaitable<result<webhooks::webhook>> find(context_ptr with, std::string owner, std::string id) {
  auto work = [owner = std::move(owner), id = std::move(id)](store::connection& db) {
    return webhooks::find_webhook(db, owner, id);
  };
  auto found = co_await store::async_read(with->database, std::move(work));
  co_return found;
}

awaitable<http_response> list(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto work = [owner = caller_of(request).user](store::connection& db) {
    return webhooks::list_webhooks(db, owner);
  };
  auto rows = co_await store::async_read(with->database, std::move(work));
  if (!rows) co_return refuse(rows.error(), request);
  json::array out;
  for (const auto& row : *rows) out.emplace_back(view_of(row, with->clock.now_ms()));
  co_return reply(200, json::value(std::move(out)));
}

awaitable<http_response> show(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto row = co_await find(with, caller_of(request).user, std::move(id));
  if (!row) co_return refuse(row.error(), request);
  co_return reply_webhook(200, *row, with->clock.now_ms());
}

awaitable<http_response> create(context_ptr with, http_request& request) {
  auto keyed = co_await read_keyed(*with, request, keeping::sealed);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_change(*with, request, true);
  if (!wanted) co_return refuse(wanted.error(), request);
  const auto now = with->clock.now_ms();
  webhooks::webhook made;
  made.id = uuid_v7();
  made.owner = caller_of(request).user;
  made.url = std::move(*wanted->url);
  made.events = wanted->events.value_or(std::vector<std::string>());
  made.description = wanted->description.value_or("");
  made.active = wanted->active.value_or(true);
  made.secret = webhooks::new_secret();
  made.created_at_ms = made.updated_at_ms = now;
  store::transaction tx;
  webhooks::stage_webhook(tx, made);
  auto data = view_of(made, now);
  data["secret"] = made.secret;
  auto done = commit_and_reply(*with, std::move(tx), std::move(keyed.key), 201,
                               json::serialize(data), request);
  auto out = co_await std::move(done);
  out.headers.add("Cache-Control", "no-store");
  if (out.status != 201 || !out.headers.get("Idempotent-Replayed").empty()) co_return out;
  out.headers.add("ETag", etag_of(made));
  out.headers.add("Location", "/api/webhooks/" + made.id);
  co_return out;
}

error changed_meanwhile() {
  return {errc::conflict, "If-Match",
          text("the webhook has changed since; read it again",
               "el webhook ha cambiado desde entonces; léalo de nuevo")};
}

awaitable<http_response> change(context_ptr with, http_request& request) {
  auto to = read_change(*with, request, false);
  if (!to) co_return refuse(to.error(), request);
  const std::string id(request.param("id"));
  auto row = co_await find(with, caller_of(request).user, id);
  if (!row) co_return refuse(row.error(), request);
  const auto wanted = request.header("if-match");
  if (!wanted.empty() && wanted != "*" && wanted != etag_of(*row))
    co_return refuse(changed_meanwhile(), 412, request);
  const auto only = wanted.empty() || wanted == "*" ? 0 : row->version;
  store::transaction tx;
  webhooks::stage_webhook_change(tx, caller_of(request).user, id, std::move(*to), only,
                                 with->clock.now_ms());
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done && done.error().code == errc::conflict)
    co_return refuse(changed_meanwhile(), 412, request);
  if (!done) co_return refuse(done.error(), request);
  auto now_is = co_await find(with, caller_of(request).user, id);
  if (!now_is) co_return refuse(now_is.error(), request);
  co_return reply_webhook(200, *now_is, with->clock.now_ms());
}

awaitable<http_response> remove(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string id(request.param("id"));
  store::transaction tx;
  webhooks::stage_webhook_removal(tx, caller_of(request).user, id);
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"id", id}, {"removed", true}});
}

result<std::int64_t> read_overlap(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  if (request.body.empty()) return overlap_hours_usual;
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  const auto hours = fields.integer("overlapHours", 0, overlap_hours_max);
  if (auto ok = fields.finish(); !ok) return ok.error();
  return hours.value_or(overlap_hours_usual);
}

awaitable<http_response> rotate(context_ptr with, http_request& request) {
  auto hours = read_overlap(request);
  if (!hours) co_return refuse(hours.error(), request);
  const std::string id(request.param("id"));
  const auto now = with->clock.now_ms();
  const auto secret = webhooks::new_secret();
  store::transaction tx;
  webhooks::stage_new_secret(tx, caller_of(request).user, id, secret, now + *hours * hour_ms, now);
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse(done.error(), request);
  auto row = co_await find(with, caller_of(request).user, id);
  if (!row) co_return refuse(row.error(), request);
  co_return reply_webhook(200, *row, now, secret);
}

}  // namespace

void bind_webhooks(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(webhook_body_bytes_max);
  routes.add_all({
      {http_method::get, "/api/webhooks", bound(list), reads_own},
      {http_method::post, "/api/webhooks", bound(create), manages_own, small},
      {http_method::get, "/api/webhooks/:id", bound(show), reads_own},
      {http_method::put, "/api/webhooks/:id", bound(change), manages_own, small},
      {http_method::remove, "/api/webhooks/:id", bound(remove), manages_own},
      {http_method::post, "/api/webhooks/:id/rotate", bound(rotate), manages_own, small},
  });
  bind_webhook_deliveries(routes, with);
}

}  // namespace son1k::api
