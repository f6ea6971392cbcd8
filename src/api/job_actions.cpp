#include "api/job_actions.hpp"

#include <array>
#include <boost/json.hpp>

#include "api/audit.hpp"
#include "api/envelope.hpp"
#include "api/job_request.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "queue/policy.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using context_ptr = std::shared_ptr<const services>;

constexpr std::size_t body_bytes_max = 4'096;

struct named_edit {
  std::string_view name;  // the last segment of its address
  queue::job_edit::what kind;
};
constexpr std::array<named_edit, 6> edits{{
    {"retry", queue::job_edit::what::retry},
    {"promote", queue::job_edit::what::promote},
    {"priority", queue::job_edit::what::priority},
    {"front", queue::job_edit::what::to_front},
    {"back", queue::job_edit::what::to_back},
    {"remove", queue::job_edit::what::remove},
}};

error no_job() {
  return {errc::not_found, "id",
          text("there is no job with this id", "no hay ningún trabajo con este id")};
}

// The job that the request names, and what its body says about the priority.
struct target {
  std::string queue;
  std::string id;
  std::int32_t priority = 0;
};
result<target> read_target(const http_request& request, bool wants_priority) {
  target out;
  parameters in(request);
  out.queue = in.text("queue").value_or("");
  out.id = request.param("id");
  if (auto ok = in.finish(); !ok) return ok.error();
  if (request.body.empty() && !wants_priority) return out;
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  if (wants_priority) {
    fields.require("priority");
    out.priority =
        static_cast<std::int32_t>(fields.integer("priority", 0, queue::priority_max).value_or(0));
  }
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

awaitable<http_response> reply_with_state(context_ptr with, std::string queue, std::string id) {
  auto now = co_await with->queue.glance(queue, id);
  json::object out{{"jobId", id}, {"queue", queue}};
  if (now) out["state"] = queue::name_of(now->state);
  co_return reply(200, json::value(std::move(out)));
}

awaitable<http_response> edit(context_ptr with, queue::job_edit::what kind, http_request& request) {
  auto wanted = read_target(request, kind == queue::job_edit::what::priority);
  if (!wanted) co_return refuse(wanted.error(), request);
  auto found = co_await locate_job(*with, wanted->queue, wanted->id);
  if (!found) co_return refuse(found.error(), request);
  queue::job_edit how;
  how.kind = kind;
  how.priority = wanted->priority;
  using what = queue::job_edit::what;
  if (kind == what::retry || kind == what::remove) how.settle = with->settle;
  std::vector<std::string> ids{found->id};
  auto done = co_await with->queue.edit(found->queue, std::move(ids), std::move(how));
  if (!done) co_return refuse(done.error(), request);
  const auto& one = done->front();
  if (!one) co_return refuse(one.error().code == errc::not_found ? no_job() : one.error(), request);
  if (kind == queue::job_edit::what::remove) {
    co_return reply(200,
                    json::value{{"jobId", found->id}, {"queue", found->queue}, {"removed", true}});
  }
  auto out = co_await reply_with_state(with, found->queue, found->id);
  co_return out;
}

awaitable<http_response> cancel(context_ptr with, http_request& request) {
  auto wanted = read_target(request, false);
  if (!wanted) co_return refuse(wanted.error(), request);
  auto found = co_await locate_job(*with, wanted->queue, wanted->id);
  if (!found) co_return refuse(found.error(), request);
  if (queue::is_ended(found->state)) {
    const std::string state(queue::name_of(found->state));
    const error ended(
        errc::conflict, "state",
        text("the job has ended already: " + state, "el trabajo ya ha terminado: " + state));
    co_return refuse(ended, request);
  }
  const bool runs = found->state == queue::job_state::active;
  json::object out{{"jobId", found->id},
                   {"queue", found->queue},
                   {"state", runs ? "active" : "cancelled"},
                   {"cancelRequested", true}};
  store::transaction tx;
  auto staged = with->queue.stage_cancel(tx, found->queue, found->id, with->settle);
  if (!staged) co_return refuse(staged.error(), request);
  tx.stage_beside(recorded(*with, request), found->id);
  auto committed = co_await store::async_commit(with->database, std::move(tx));
  if (!committed) co_return refuse(committed.error(), request);
  co_return reply(200, json::value(std::move(out)));
}

awaitable<http_response> logs(context_ptr with, http_request& request) {
  parameters in(request);
  std::string queue = in.text("queue").value_or("");
  const auto from = in.integer("from", 0, 1'000'000).value_or(0);
  const auto limit = in.integer("limit", 1, 1'000).value_or(1'000);
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto found = co_await locate_job(*with, std::move(queue), std::move(id));
  if (!found) co_return refuse(found.error(), request);
  const auto total = static_cast<std::int64_t>(found->logs.size());
  json::array lines;
  for (auto n = from; n < total && n < from + limit; ++n) {
    lines.emplace_back(found->logs[static_cast<std::size_t>(n)]);
  }
  json::object pagination{{"from", from}, {"limit", limit}, {"total", total}};
  co_return reply_page(std::move(lines), pagination);
}

}  // namespace

awaitable<result<queue::job_view>> locate_job(const services& with, std::string queue,
                                              std::string id) {
  if (!queue.empty()) {
    auto one = co_await with.queue.get(queue, id);
    if (!one && one.error().code == errc::not_found) co_return no_job();
    co_return one;
  }
  auto names = with.queue.queues();
  if (!names) co_return names.error();
  std::optional<queue::job_view> found;
  for (const auto& name : *names) {
    auto one = co_await with.queue.get(name, id);
    if (!one && one.error().code == errc::not_found) continue;
    if (!one) co_return one.error();
    if (found) {
      co_return error(errc::conflict, "queue",
                      text("several queues have a job with this id; say which one you mean",
                           "varias colas tienen un trabajo con este id; indique cuál"));
    }
    found = std::move(*one);
  }
  if (!found) co_return no_job();
  co_return std::move(*found);
}

void bind_job_actions(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto small = json_body_of(body_bytes_max);
  for (const auto& row : edits) {
    const auto handler =
        net::handler([self, kind = row.kind](http_request& r) { return edit(self, kind, r); });
    routes.add_all(
        {{http_method::post, "/api/jobs/:id/" + std::string(row.name), handler, operates, small}});
  }
  const auto bound = bound_to(self);
  routes.add_all(
      {{http_method::post, "/api/jobs/:id/cancel", bound(cancel), recorded_within(operates), small},
       {http_method::get, "/api/jobs/:id/logs", bound(logs), reads_consoles}});
}

}  // namespace son1k::api
