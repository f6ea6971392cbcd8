#include "api/workers.hpp"

#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using context_ptr = std::shared_ptr<const services>;
enum class wish { pause, resume, drain };

json::object render(const queue::worker_facts& w) {
  json::array queues;
  for (const auto& name : w.queues) queues.emplace_back(name);
  return {{"name", w.name},
          {"host", w.host},
          {"pid", w.pid},
          {"version", w.version},
          {"queues", std::move(queues)},
          {"slots", w.slots},
          {"busy", w.busy},
          {"rssBytes", w.rss_bytes},
          {"startedAt", iso_time(w.started_at_ms).chars},
          {"seenAt", iso_time(w.seen_at_ms).chars},
          {"paused", w.paused},
          {"draining", w.draining}};
}

http_response list(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) return refuse(ok.error(), request);
  return reply(200, json::value(list_workers(*with)));
}

http_response tell(context_ptr with, wish what, http_request& request) {
  if (auto ok = no_parameters(request); !ok) return refuse(ok.error(), request);
  if (!request.body.empty()) {
    const auto body = parse_json(request.body);
    if (!body) return refuse(body.error(), request);
    if (auto ok = object_reader(*body).finish(); !ok) return refuse(ok.error(), request);
  }
  const std::string name(request.param("name"));
  const auto all = with->queue.workers();
  const auto known =
      std::find_if(all.begin(), all.end(), [&](const auto& w) { return w.name == name; });
  const error unknown(
      errc::not_found, "name",
      text("there is no worker with this name", "no hay ningún trabajador con este nombre"));
  if (known == all.end()) return refuse(unknown, request);
  queue::worker_order order{known->paused, known->draining};
  if (what == wish::drain) {
    order.drain = true;
  } else {
    order.paused = what == wish::pause;
  }
  const auto told = with->queue.order(name, order);
  if (!told) return refuse(told.error().code == errc::not_found ? unknown : told.error(), request);
  return reply(202, json::value{{"name", name}, {"paused", order.paused}, {"drain", order.drain}});
}

}  // namespace

json::array list_workers(const services& with) {
  json::array rows;
  for (const auto& one : with.queue.workers()) rows.emplace_back(render(one));
  return rows;
}

void bind_workers(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto small = json_body_of(1'024);
  const auto order = [self](wish what) {
    return net::sync_handler([self, what](http_request& r) { return tell(self, what, r); });
  };
  const auto listed = net::sync_handler([self](http_request& r) { return list(self, r); });
  const std::string one = "/api/workers/:name";
  routes.add_all({
      {http_method::get, "/api/workers", listed, reads_consoles},
      {http_method::post, one + "/pause", order(wish::pause), operates, small},
      {http_method::post, one + "/resume", order(wish::resume), operates, small},
      {http_method::post, one + "/drain", order(wish::drain), operates, small},
  });
}

}  // namespace son1k::api
