#include "api/queues.hpp"

#include <array>
#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "api/queue_limits.hpp"
#include "api/queue_names.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
using queue::job_state;
namespace {

struct context {
  services with;
  std::shared_ptr<const queue_meter> meter;
};
using context_ptr = std::shared_ptr<const context>;

constexpr std::size_t body_bytes_max = 4'096;
constexpr int long_work_ms = 600'000;
constexpr std::int64_t age_ms_max = 10LL * 366 * 86'400'000;
constexpr std::int64_t clean_jobs_max = 1'000'000'000;
constexpr std::size_t group_bytes_max = 128;

// The last name stands for both states that a job can end in.
constexpr std::array<std::string_view, 6> clean_names{"waiting",   "prioritized", "delayed",
                                                      "completed", "failed",      "ended"};
constexpr std::array<job_state, 5> clean_states{job_state::waiting, job_state::prioritized,
                                                job_state::delayed, job_state::completed,
                                                job_state::failed};

result<void> check_known(const context& self, const std::string& name) {
  const auto names = known_queues(self.with);
  if (!names) return names.error();
  if (std::binary_search(names->begin(), names->end(), name)) return {};
  return error(errc::not_found, "queue",
               text("there is no queue with this name", "no hay ninguna cola con este nombre"));
}

// The queue that the request names and its body, {} where it has none.
struct order {
  std::string queue;
  json::value body;
};
result<order> read_order(const context& self, const http_request& request) {
  order out{std::string(request.param("queue")), json::object()};
  if (auto ok = no_parameters(request); !ok) return ok.error();
  if (!request.body.empty()) {
    auto body = parse_json(request.body);
    if (!body) return body.error();
    out.body = std::move(*body);
  }
  if (auto ok = check_known(self, out.queue); !ok) return ok.error();
  return out;
}

std::int64_t age_of(const services& with, const queue::queue_counts& counts) {
  if (counts.oldest_ready_at_ms == 0) return 0;
  return std::max<std::int64_t>(with.clock.now_ms() - counts.oldest_ready_at_ms, 0);
}

json::object render(const services& with, const std::string& name,
                    const queue::queue_counts& counts) {
  return {{"queue", name},
          {"paused", counts.paused},
          {"counts",
           {{"waiting", counts.waiting},
            {"prioritized", counts.prioritized},
            {"delayed", counts.delayed},
            {"active", counts.active},
            {"waiting-children", counts.waiting_children},
            {"completed", counts.completed},
            {"failed", counts.failed}}},
          {"oldestReadyMs", age_of(with, counts)}};
}

json::object render(const metrics::histogram& h) {
  const auto v = h.values();
  const auto ms = [&v](double q) { return std::round(v.quantile(q) * 1e6) / 1e3; };
  return {{"count", v.count()}, {"p50Ms", ms(0.5)}, {"p95Ms", ms(0.95)}, {"p99Ms", ms(0.99)}};
}

json::object render(const minute_counts& c) {
  return {{"added", c.added}, {"completed", c.completed}, {"failed", c.failed}};
}

http_response list(context_ptr self, http_request& request) {
  if (auto ok = no_parameters(request); !ok) return refuse(ok.error(), request);
  auto rows = list_queues(self->with);
  if (!rows) return refuse(rows.error(), request);
  return reply(200, json::value(std::move(*rows)));
}

http_response show(context_ptr self, http_request& request) {
  const auto wanted = read_order(*self, request);
  if (!wanted) return refuse(wanted.error(), request);
  const auto counts = self->with.queue.counts(wanted->queue);
  if (!counts) return refuse(counts.error(), request);
  auto out = render(self->with, wanted->queue, *counts);
  if (const auto limits = self->with.queue.limits(wanted->queue)) {
    out["limits"] = to_json(*limits);
  }
  if (!request.route.ends_with("/stats")) return reply(200, json::value(std::move(out)));
  const auto figures = self->meter->of(wanted->queue);
  if (figures) {
    const auto now = self->with.clock.now_ms();
    out["sinceStart"] = {
        {"added", figures->added.load()},     {"completed", figures->completed.load()},
        {"failed", figures->failed.load()},   {"cancelled", figures->cancelled.load()},
        {"retried", figures->retried.load()}, {"stalled", figures->stalled.load()}};
    out["lastMinute"] = render(figures->recent(now, 1));
    out["lastHour"] = render(figures->recent(now, 59));
    out["run"] = render(figures->run_seconds);
    out["wait"] = render(figures->wait_seconds);
  }
  return reply(200, json::value(std::move(out)));
}

awaitable<http_response> set_paused(context_ptr self, bool paused, http_request& request) {
  auto wanted = read_order(*self, request);
  if (!wanted) co_return refuse(wanted.error(), request);
  object_reader fields(wanted->body);
  if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  auto done = co_await self->with.queue.pause(wanted->queue, paused);
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"queue", wanted->queue}, {"paused", paused}});
}
awaitable<http_response> pause(context_ptr self, http_request& request) {
  return set_paused(std::move(self), true, request);
}
awaitable<http_response> resume(context_ptr self, http_request& request) {
  return set_paused(std::move(self), false, request);
}

awaitable<http_response> run_clean(context_ptr self, queue::clean_request what,
                                   http_request& request) {
  const std::string name = what.queue;
  what.settle = self->with.settle;
  auto done = co_await self->with.queue.clean(std::move(what));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"queue", name}, {"removed", *done}});
}

awaitable<http_response> drain(context_ptr self, http_request& request) {
  auto wanted = read_order(*self, request);
  if (!wanted) co_return refuse(wanted.error(), request);
  object_reader fields(wanted->body);
  const bool delayed = fields.boolean("delayed").value_or(false);
  if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  queue::clean_request what;
  what.queue = wanted->queue;
  what.states = {job_state::waiting, job_state::prioritized};
  if (delayed) what.states.push_back(job_state::delayed);
  auto out = co_await run_clean(self, std::move(what), request);
  co_return out;
}

awaitable<http_response> clean(context_ptr self, http_request& request) {
  auto wanted = read_order(*self, request);
  if (!wanted) co_return refuse(wanted.error(), request);
  object_reader fields(wanted->body);
  fields.require("state");
  const auto state = fields.choice("state", clean_names);
  queue::clean_request what;
  what.queue = wanted->queue;
  what.min_age_ms = fields.integer("age", 0, age_ms_max).value_or(0);
  if (const auto n = fields.integer("limit", 1, clean_jobs_max)) {
    what.max = static_cast<std::size_t>(*n);
  }
  if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  if (*state < clean_states.size()) {
    what.states = {clean_states[*state]};
  } else {
    what.states = {job_state::completed, job_state::failed};
  }
  auto out = co_await run_clean(self, std::move(what), request);
  co_return out;
}

awaitable<http_response> obliterate(context_ptr self, http_request& request) {
  auto wanted = read_order(*self, request);
  if (!wanted) co_return refuse(wanted.error(), request);
  object_reader fields(wanted->body);
  const bool force = fields.boolean("force").value_or(false);
  if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  auto settle = self->with.settle;
  auto done = co_await self->with.queue.obliterate(wanted->queue, force, std::move(settle));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"queue", wanted->queue}, {"obliterated", true}});
}

awaitable<http_response> set_limits(context_ptr self, http_request& request) {
  auto wanted = read_order(*self, request);
  if (!wanted) co_return refuse(wanted.error(), request);
  auto limits = read_queue_limits(wanted->body);
  if (!limits) co_return refuse(limits.error(), request);
  auto done = co_await self->with.queue.set_limits(wanted->queue, *limits);
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"queue", wanted->queue}, {"limits", to_json(*limits)}});
}

result<std::string> read_group(const http_request& request) {
  std::string out(request.param("group"));
  if (!out.empty() && out.size() <= group_bytes_max) return out;
  return error(errc::validation, "group",
               text("must be 1 to 128 bytes", "debe tener de 1 a 128 bytes"));
}

awaitable<http_response> set_group_limits(context_ptr self, http_request& request) {
  auto wanted = read_order(*self, request);
  if (!wanted) co_return refuse(wanted.error(), request);
  auto group = read_group(request);
  if (!group) co_return refuse(group.error(), request);
  std::optional<queue::group_limits> limits;
  if (request.method == http_method::put) {
    auto read = read_group_limits(wanted->body);
    if (!read) co_return refuse(read.error(), request);
    limits = *read;
  }
  auto done = co_await self->with.queue.set_group_limits(wanted->queue, *group, limits);
  if (!done) co_return refuse(done.error(), request);
  json::object out{{"queue", wanted->queue}, {"group", *group}};
  out["limits"] = nullptr;
  if (limits) out["limits"] = to_json(*limits);
  co_return reply(200, json::value(std::move(out)));
}

}  // namespace

result<json::array> list_queues(const services& with) {
  const auto names = known_queues(with);
  if (!names) return names.error();
  json::array rows;
  for (const auto& name : *names) {
    const auto counts = with.queue.counts(name);
    if (counts) rows.emplace_back(render(with, name, *counts));
  }
  return rows;
}

void bind_queues(endpoint_table& routes, const services& with,
                 std::shared_ptr<const queue_meter> meter) {
  auto self = std::make_shared<const context>(context{with, std::move(meter)});
  const auto bound = bound_to(self);
  const auto at_once = [self](auto handler) {
    return net::sync_handler([self, handler](http_request& r) { return handler(self, r); });
  };
  const auto small = json_body_of(body_bytes_max);
  net::route_options slow = small;
  slow.timeout_ms = long_work_ms;
  const std::string one = "/api/queues/:queue";
  const std::string group = one + "/groups/:group/limits";
  routes.add_all({
      {http_method::get, "/api/queues", at_once(list), reads_consoles},
      {http_method::get, one, at_once(show), reads_consoles},
      {http_method::get, one + "/stats", at_once(show), reads_consoles},
      {http_method::post, one + "/pause", bound(pause), operates, small},
      {http_method::post, one + "/resume", bound(resume), operates, small},
      {http_method::post, one + "/drain", bound(drain), operates, slow},
      {http_method::post, one + "/clean", bound(clean), operates, slow},
      {http_method::post, one + "/obliterate", bound(obliterate), operates, slow},
      {http_method::put, one + "/limits", bound(set_limits), operates, small},
      {http_method::put, group, bound(set_group_limits), operates, small},
      {http_method::remove, group, bound(set_group_limits), operates, small},
  });
}

}  // namespace son1k::api
