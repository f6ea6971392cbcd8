#include "api/events.hpp"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <mutex>
#include <vector>

#include "api/envelope.hpp"
#include "api/generation_events.hpp"
#include "net/event_stream.hpp"

namespace son1k::api {
using net::http_request;
using net::http_response;
namespace {

constexpr std::size_t streams_max = 4'096;
constexpr std::size_t replay_page = 500;
constexpr std::size_t topics_max = 100;

// One client. Events reach it from the queue's thread, its replay from a reactor; the lock keeps
// them in order and `sent` keeps any event from being sent twice. The connection owns the stream:
// one that is never written (HEAD, a client that left at once) must not keep its place here.
struct listener {
  std::mutex lock;
  std::weak_ptr<net::event_stream> stream;
  std::vector<std::string> topics;
  std::uint64_t sent = 0;
  std::string ended;  // of whose end it was told last: a cancelled job is also a removed one
  bool live = false;  // false while older events are replayed
};

bool wants(const listener& who, const client_event& e) {
  return who.topics.empty() ||
         std::find(who.topics.begin(), who.topics.end(), e.topic) != who.topics.end();
}

// With the listener's lock held.
void deliver(listener& to, const queue::job_event& raw, const client_event* shown) {
  if (raw.id <= to.sent) return;
  to.sent = raw.id;
  if (shown == nullptr || !wants(to, *shown)) return;
  if (shown->kind == client_event::what::ends && to.ended == shown->topic) return;
  if (shown->kind == client_event::what::ends) to.ended = shown->topic;
  if (shown->kind == client_event::what::begins && to.ended == shown->topic) to.ended.clear();
  if (const auto stream = to.stream.lock()) {
    stream->send(std::to_string(raw.id), shown->name, boost::json::serialize(shown->data));
  }
}

result<std::vector<std::string>> read_topics(const http_request& request) {
  std::vector<std::string> out;
  for (const auto& [name, v] : request.query_pairs()) {
    if (name != "topics") {
      return error(
          errc::validation, name,
          text("is not a parameter of this request", "no es un parámetro de esta petición"));
    }
    std::string_view rest = v;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      if (comma != 0) out.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  for (const auto& topic : out) {
    if (!topic.starts_with("generation:") || topic.size() > 80 || out.size() > topics_max) {
      return error(errc::validation, "topics",
                   text("must be up to 100 topics like generation:<id>",
                        "debe tener hasta 100 temas como generation:<id>"));
    }
  }
  return out;
}

}  // namespace

struct event_hub::state : std::enable_shared_from_this<state> {
  explicit state(queue::queue_port& q) : queue(q) {}

  void hear(const queue::job_event& raw) {
    std::vector<std::shared_ptr<listener>> now;
    {
      const std::scoped_lock hold(lock);
      if (listeners.empty()) return;
      now = listeners;
    }
    const auto shown = generation_event(raw);
    for (const auto& who : now) {
      const std::scoped_lock hold(who->lock);
      if (who->live) deliver(*who, raw, shown ? &*shown : nullptr);
    }
  }

  bool add(const std::shared_ptr<listener>& who) {
    const std::scoped_lock hold(lock);
    std::erase_if(listeners, [](const auto& one) { return one->stream.expired(); });
    if (closed || listeners.size() >= streams_max) return false;
    listeners.push_back(who);
    return true;
  }

  void remove(const listener* who) {
    const std::scoped_lock hold(lock);
    std::erase_if(listeners, [who](const auto& one) { return one.get() == who; });
  }

  // Sends what is kept after `since`, page by page; the last, empty look happens under the lock, so
  // that nothing falls between replay and live.
  void replay(listener& who, net::event_stream& stream, std::uint64_t since) {
    const std::scoped_lock hold(who.lock);
    who.sent = since;
    for (bool first = true;; first = false) {
      const auto page = queue.events(who.sent, replay_page);
      if (first && page.gap) stream.send("", "gap", R"({"message":"refetch"})");
      for (const auto& raw : page.events) {
        const auto shown = generation_event(raw);
        deliver(who, raw, shown ? &*shown : nullptr);
      }
      if (page.events.size() < replay_page) break;
    }
    who.live = true;
  }

  http_response open(http_request& request) {
    auto topics = read_topics(request);
    if (!topics) return refuse(topics.error(), request);
    const auto last = request.header("last-event-id");
    std::uint64_t since = 0;
    const auto read = std::from_chars(last.data(), last.data() + last.size(), since);
    if (!last.empty() && (read.ec != std::errc() || read.ptr != last.data() + last.size())) {
      return refuse(error(errc::validation, "Last-Event-ID",
                          text("must be the id of an event", "debe ser el id de un evento")),
                    request);
    }
    const auto stream = net::event_stream::make();
    auto who = std::make_shared<listener>();
    who->stream = stream;
    who->topics = std::move(*topics);
    if (!add(who)) {
      return refuse(error(errc::unavailable, text("too many event streams are open",
                                                  "hay demasiados flujos de eventos abiertos")),
                    request);
    }
    stream->on_close([self = weak_from_this(), raw = who.get()] {
      if (auto s = self.lock()) s->remove(raw);
    });
    if (last.empty()) {
      const std::scoped_lock hold(who->lock);
      who->live = true;
    } else {
      replay(*who, *stream, since);
    }
    return net::event_stream_response(stream);
  }

  queue::queue_port& queue;
  std::mutex lock;
  bool closed = false;
  std::vector<std::shared_ptr<listener>> listeners;
  std::shared_ptr<void> subscription;
};

event_hub::event_hub(queue::queue_port& queue) : state_(std::make_shared<state>(queue)) {
  state_->subscription = queue.subscribe([self = std::weak_ptr(state_)](const queue::job_event& e) {
    if (auto s = self.lock()) s->hear(e);
  });
}

event_hub::~event_hub() {
  close();
}

void event_hub::bind(endpoint_table& routes) {
  routes.add_all({{net::http_method::get, "/api/events",
                   net::sync_handler([self = state_](http_request& r) { return self->open(r); }),
                   watches_own}});
}

void event_hub::close() {
  state_->subscription.reset();
  std::vector<std::shared_ptr<listener>> open;
  {
    const std::scoped_lock hold(state_->lock);
    state_->closed = true;
    open.swap(state_->listeners);
  }
  for (const auto& who : open) {
    if (const auto stream = who->stream.lock()) stream->close();
  }
}

}  // namespace son1k::api
