#include "api/health.hpp"

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "api/envelope.hpp"
#include "api/generation.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

constexpr auto look_every = std::chrono::seconds(1);
constexpr auto database_silent_max = std::chrono::seconds(5);

bool database_answers(store::database& db) {
  static const store::statement one("select 1");
  struct reply {
    std::mutex lock;
    std::condition_variable changed;
    bool done = false;
    bool ok = false;
  };
  auto shared = std::make_shared<reply>();
  const auto queued = db.read([shared](store::connection& c) {
    const auto ran = c.query(one, {}, [](const store::row&) { return false; });
    const std::scoped_lock hold(shared->lock);
    shared->done = true;
    shared->ok = ran.has_value();
    shared->changed.notify_all();
  });
  if (!queued) return false;
  std::unique_lock hold(shared->lock);
  shared->changed.wait_for(hold, database_silent_max, [&] { return shared->done; });
  return shared->ok;
}

}  // namespace

struct health::state {
  explicit state(const services& w) : with(w), started_ms(w.clock.steady_ms()) {}

  void watch() {
    std::unique_lock hold(lock);
    while (!stopping) {
      hold.unlock();
      look();
      hold.lock();
      changed.wait_for(hold, look_every, [this] { return stopping; });
    }
  }

  // Renders the reply once a second; a request copies a pointer.
  void look() {
    const bool up = database_answers(with.database);
    const auto counts = with.queue.counts(std::string(generation_queue));
    json::object body;
    body["status"] = !up ? "unavailable" : counts ? "ok" : "degraded";
    body["version"] = with.version;
    body["uptime"] = (with.clock.steady_ms() - started_ms) / 1000;
    body["services"] = {{"database", up ? "up" : "down"},
                        {"queue", counts ? "up" : "down"},
                        {"workers", with.workers_here ? "up" : "elsewhere"}};
    if (counts) {
      body["queue"] = {{"waiting", counts->waiting},     {"prioritized", counts->prioritized},
                       {"delayed", counts->delayed},     {"active", counts->active},
                       {"completed", counts->completed}, {"failed", counts->failed},
                       {"paused", counts->paused}};
    }
    auto text = std::make_shared<const std::string>(
        json::serialize(json::value{{"success", up}, {"data", std::move(body)}}));
    const std::scoped_lock hold(lock);
    rendered = std::move(text);
    database_up = up;
  }

  http_response show() {
    std::shared_ptr<const std::string> text;
    {
      const std::scoped_lock hold(lock);
      text = rendered;
    }
    http_response out(database_up ? 200 : 503);
    out.content_type = net::json_type;
    out.body = std::move(text);
    return out;
  }

  http_response ready(http_request& request) {
    if (database_up && !is_draining) return reply_serialized(200, R"({"status":"ready"})");
    return refuse(is_draining
                      ? error(errc::unavailable,
                              text("the server is shutting down", "el servidor se está apagando"))
                      : error(errc::unavailable, "database",
                              text("the database does not answer", "la base de datos no responde")),
                  request);
  }

  const services with;
  const std::int64_t started_ms;
  std::mutex lock;
  std::condition_variable changed;
  bool stopping = false;
  std::shared_ptr<const std::string> rendered;
  std::atomic<bool> database_up{false};
  std::atomic<bool> is_draining{false};
  std::thread watcher;
};

health::health(const services& with) : state_(std::make_shared<state>(with)) {
  state_->look();
  state_->watcher = std::thread([s = state_.get()] { s->watch(); });
}

health::~health() {
  {
    const std::scoped_lock hold(state_->lock);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->watcher.join();
}

void health::bind(endpoint_table& routes) {
  const auto s = state_;
  routes.add_all({
      {http_method::get, "/health", net::sync_handler([s](http_request&) { return s->show(); }),
       open_to_all},
      {http_method::get, "/live", net::sync_handler([](http_request&) {
         return reply_serialized(200, R"({"status":"live"})");
       }),
       open_to_all},
      {http_method::get, "/ready", net::sync_handler([s](http_request& r) { return s->ready(r); }),
       open_to_all},
  });
}

void health::draining() {
  state_->is_draining = true;
}

}  // namespace son1k::api
