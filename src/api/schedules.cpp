#include "api/schedules.hpp"

#include <boost/json.hpp>

#include "api/audit.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/job_request.hpp"
#include "api/parameters.hpp"
#include "api/schedule_request.hpp"
#include "api/version_tag.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

constexpr std::int64_t preview_usual = 10;

http_response render(int status, const queue::schedule& row) {
  auto out = reply(status, json::value(to_json(row)));
  add_version_tag(out, row.version);
  return out;
}

// An order needs no body; {} is one that says nothing.
result<void> check_order(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok;
  if (request.body.empty()) return {};
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  return fields.finish();
}

awaitable<http_response> list(services_ptr with, http_request& request) {
  parameters in(request);
  auto after = in.text("cursor").value_or("");
  const auto most = static_cast<std::int64_t>(queue::list_schedules_max);
  const auto limit = static_cast<std::size_t>(in.integer("limit", 1, most).value_or(most));
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  auto rows = co_await with->schedules->list(std::move(after), limit);
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& row : *rows) items.emplace_back(to_json(row));
  const bool full = rows->size() == limit;
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] = full ? json::value(rows->back().spec.id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

awaitable<http_response> create(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_schedule(request.body);
  if (!wanted) co_return refuse(wanted.error(), request);
  auto beside = [&](const queue::schedule& row) {
    return reply_beside(*with, keyed.key, 201, json::serialize(to_json(row)),
                        recorded(*with, request));
  };
  auto made = co_await with->schedules->create(std::move(wanted->spec), std::move(beside));
  if (!made) {
    auto refused = refuse_keyed(*with, std::move(keyed.key), made.error(), request);
    co_return co_await std::move(refused);
  }
  auto out = render(201, *made);
  out.headers.add("Location", "/api/schedules/" + made->spec.id);
  co_return out;
}

awaitable<http_response> show(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto row = co_await with->schedules->get(std::move(id));
  if (!row) co_return refuse(row.error(), request);
  co_return render(200, *row);
}

awaitable<http_response> replace(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto tag = wanted_version(request);
  if (!tag) co_return refuse(tag.error(), request);
  auto wanted = read_schedule(request.body, request.param("id"));
  if (!wanted) co_return refuse(wanted.error(), request);
  const auto version = *tag ? *tag : wanted->version;
  auto note = recorded(*with, request);
  auto row = co_await with->schedules->replace(std::move(wanted->spec), version, std::move(note));
  if (row) co_return render(200, *row);
  const bool other = row.error().code == errc::conflict && version;
  if (other) co_return refuse(row.error(), precondition_failed, request);
  co_return refuse(row.error(), request);
}

awaitable<http_response> remove(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string id(request.param("id"));
  auto note = recorded(*with, request);
  auto gone = co_await with->schedules->remove(id, std::move(note));
  if (!gone) co_return refuse(gone.error(), request);
  co_return reply(200, json::value{{"id", id}, {"removed", true}});
}

awaitable<http_response> set_paused(services_ptr with, bool paused, http_request& request) {
  if (auto ok = check_order(request); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto note = recorded(*with, request);
  auto row = co_await with->schedules->pause(std::move(id), paused, std::move(note));
  if (!row) co_return refuse(row.error(), request);
  co_return render(200, *row);
}

awaitable<http_response> pause(services_ptr with, http_request& request) {
  co_return co_await set_paused(std::move(with), true, request);
}

awaitable<http_response> resume(services_ptr with, http_request& request) {
  co_return co_await set_paused(std::move(with), false, request);
}

awaitable<http_response> run_now(services_ptr with, http_request& request) {
  if (auto ok = check_order(request); !ok) co_return refuse(ok.error(), request);
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  std::string id(request.param("id")), data;
  auto beside = [&](const queue::hand_run& run) {
    data = json::serialize(
        json::value{{"jobId", run.job.id}, {"queue", run.job.queue}, {"duplicate", run.duplicate}});
    return reply_beside(*with, keyed.key, 202, data, recorded(*with, request));
  };
  auto added = co_await with->schedules->run_now(std::move(id), std::move(beside));
  if (added) co_return reply_serialized(202, data);
  auto refused = refuse_keyed(*with, std::move(keyed.key), added.error(), request);
  co_return co_await std::move(refused);
}

awaitable<http_response> preview(services_ptr with, http_request& request) {
  parameters in(request);
  const auto most = static_cast<std::int64_t>(queue::preview_max);
  const auto count = static_cast<std::size_t>(in.integer("n", 1, most).value_or(preview_usual));
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto times = co_await with->schedules->preview(std::move(id), count);
  if (!times) co_return refuse(times.error(), request);
  co_return reply(200, json::value{{"runs", times_json(*times)}});
}

awaitable<http_response> preview_unsaved(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto wanted = read_preview(request.body);
  if (!wanted) co_return refuse(wanted.error(), request);
  const auto times =
      with->schedules->preview(wanted->spec, static_cast<std::size_t>(wanted->count));
  if (!times) co_return refuse(times.error(), request);
  co_return reply(200, json::value{{"runs", times_json(*times)}});
}

}  // namespace

void bind_schedules(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto job_body = json_body_of(queue::data_bytes_max + 65'536);
  const auto small_body = json_body_of(4'096);
  constexpr auto records = recorded_within(operates);
  routes.add_all({
      {http_method::get, "/api/schedules", bound(list), reads_consoles},
      {http_method::post, "/api/schedules", bound(create), records, job_body},
      {http_method::post, "/api/schedules/preview", bound(preview_unsaved), reads_consoles,
       small_body},
      {http_method::get, "/api/schedules/:id", bound(show), reads_consoles},
      {http_method::put, "/api/schedules/:id", bound(replace), records, job_body},
      {http_method::remove, "/api/schedules/:id", bound(remove), records},
      {http_method::get, "/api/schedules/:id/preview", bound(preview), reads_consoles},
      {http_method::post, "/api/schedules/:id/pause", bound(pause), records, small_body},
      {http_method::post, "/api/schedules/:id/resume", bound(resume), records, small_body},
      {http_method::post, "/api/schedules/:id/run", bound(run_now), records, small_body},
  });
}

}  // namespace son1k::api
