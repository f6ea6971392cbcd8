#include "realtime/engine/server.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <utility>

#include "realtime/engine/lane.hpp"
#include "realtime/engine/lane_calls.hpp"
#include "realtime/engine/request.hpp"
#include "realtime/engine/session_id.hpp"

namespace son1k::realtime {
namespace {

namespace asio = boost::asio;
using net::http_method;
using net::http_request;
using net::http_response;

constexpr std::chrono::milliseconds stop_wait{1'000};
constexpr std::chrono::milliseconds leave_wait{250};
constexpr std::chrono::milliseconds poll_time_more{15'000};
constexpr std::size_t get_body_bytes_max = 1'024;

// 404 stands for a session that is unknown.
http_response poll_response(poll_reply reply, std::string_view type) {
  if (reply.status == 404) return fault_reply(engine_fault::unknown_session);
  if (reply.status != 200) return fault_reply(engine_fault::bad_request);
  http_response out;
  out.content_type = type;
  out.headers.add("Cache-Control", "no-store");
  out.body = std::move(reply.body);
  return out;
}

}  // namespace

class engine_server::impl : public std::enable_shared_from_this<engine_server::impl> {
 public:
  impl(net::reactors& l, engine_settings s, engine_acceptor a, engine_forwarder* f)
      : loops(l), settings(std::move(s)), accept(std::move(a)), forward(f) {
    for (std::size_t n = 0; n < loops.size(); ++n) {
      lanes.push_back(std::make_shared<engine_lane>(loops.context(n), n, settings, accept));
    }
  }

  engine_lane& lane_of(const http_request& request) {
    const auto* own = request.executor.target<asio::io_context::executor_type>();
    for (auto& lane : lanes) {
      if (own != nullptr && lane->loop() == *own) return *lane;
    }
    return *lanes.front();
  }

  // In the order that the protocol gives. The session itself is looked up on its reactor.
  std::optional<engine_fault> check(const http_request& request, const engine_query& query,
                                    bool upgrade) const;
  asio::awaitable<http_response> answer(http_request& request);
  asio::awaitable<http_response> answer_session(http_request& request, engine_query query,
                                                bool upgrade, request_sender sender);
  asio::awaitable<http_response> answer_elsewhere(http_request& request, std::string node,
                                                  bool websocket);
  http_response shake_hands(http_request& request, bool upgrade);
  asio::awaitable<std::optional<http_response>> before_post(http_request& request);
  http_response upgrade(http_request& request, std::shared_ptr<engine_lane> lane, std::string id);
  bool on_every_lane(std::function<bool(engine_lane&)> act);

  net::reactors& loops;
  const engine_settings settings;
  const engine_acceptor accept;
  engine_forwarder* const forward;
  std::vector<std::shared_ptr<engine_lane>> lanes;
  bool running = false;
};

std::optional<engine_fault> engine_server::impl::check(const http_request& request,
                                                       const engine_query& query,
                                                       bool upgrade) const {
  const bool websocket = query.transport == "websocket";
  const bool known =
      (websocket && settings.websocket) || (query.transport == "polling" && settings.polling);
  if (!known) return engine_fault::unknown_transport;
  if (!query.session.empty()) return std::nullopt;
  if (request.method != http_method::get) return engine_fault::bad_handshake_method;
  if (websocket != upgrade) return engine_fault::bad_request;
  if (upgrade && !is_origin_allowed(settings, request)) return engine_fault::forbidden;
  if (query.version != "4") return engine_fault::unsupported_version;
  return std::nullopt;
}

asio::awaitable<http_response> engine_server::impl::answer(http_request& request) {
  const auto keep = shared_from_this();
  auto query = read_engine_query(request);
  const bool upgrade = asks_for_websocket(request);
  const auto sender = forward != nullptr ? forward->sender_of(request) : request_sender::client;
  http_response reply;
  if (sender == request_sender::forger) {
    reply = fault_reply(engine_fault::forbidden);
  } else if (const auto fault = check(request, query, upgrade)) {
    reply = fault_reply(*fault);
  } else if (query.session.empty()) {
    reply = shake_hands(request, upgrade);
  } else {
    reply = co_await answer_session(request, std::move(query), upgrade, sender);
  }
  if (reply.status == 400 && upgrade) reply.close = true;
  if (sender == request_sender::other_server) {
    forward->sign(reply);
  } else {
    add_cors(settings, request, reply);
  }
  co_return reply;
}

http_response engine_server::impl::shake_hands(http_request& request, bool upgrade) {
  auto& lane = lane_of(request);
  if (!upgrade) {
    auto payload = lane.open_polling(request);
    if (payload.empty()) return net::text_response(503, "Too many sessions are open.\n");
    return poll_response({200, std::move(payload)}, poll_type);
  }
  return this->upgrade(request, lane.shared_from_this(), {});
}

// With an id: for that session, which may live on another reactor; without: for a new one here.
http_response engine_server::impl::upgrade(http_request& request, std::shared_ptr<engine_lane> lane,
                                           std::string id) {
  const auto accepted = websocket_accept(request);
  if (!accepted) {
    auto refused = fault_reply(engine_fault::bad_request);
    refused.headers.add("Sec-WebSocket-Version", "13");
    return refused;
  }
  auto reply = websocket_reply(*accepted);
  if (id.empty()) {
    // The request outlives the takeover.
    reply.takeover = [lane, &request](net::taken_socket taken) {
      lane->open_websocket(request, std::move(taken));
    };
    return reply;
  }
  reply.takeover = [lane, id](net::taken_socket taken) {
    const int descriptor = taken.socket.release();
    auto move_in = [lane, id, descriptor, unread = std::move(taken.unread),
                    hold = std::move(taken.hold)]() mutable {
      lane->adopt(id, descriptor, std::move(unread), std::move(hold));
    };
    asio::dispatch(lane->loop(), std::move(move_in));
  };
  return reply;
}

asio::awaitable<http_response> engine_server::impl::answer_session(http_request& request,
                                                                   engine_query query, bool upgrade,
                                                                   request_sender sender) {
  const auto place = read_session_id(query.session);
  if (!place) co_return fault_reply(engine_fault::unknown_session);
  const bool from_client = sender == request_sender::client;
  if (place->node != settings.node && forward != nullptr && from_client) {
    std::string node(place->node);
    co_return co_await answer_elsewhere(request, std::move(node), query.transport == "websocket");
  }
  if (place->node != settings.node || place->reactor >= lanes.size()) {
    co_return fault_reply(engine_fault::unknown_session);
  }
  const auto lane = lanes[place->reactor];
  const bool websocket = query.transport == "websocket";
  const bool get = request.method == http_method::get;
  poll_reply reply;
  if (websocket && upgrade) {
    reply = co_await knock(lane, query.session);
    if (reply.status != 200) co_return poll_response(std::move(reply), poll_type);
    // Of another server's request the origin was looked at there, where its host is known.
    if (from_client && !is_origin_allowed(settings, request)) {
      co_return fault_reply(engine_fault::forbidden);
    }
    co_return this->upgrade(request, lane, std::move(query.session));
  }
  if (websocket || upgrade || (!get && request.method != http_method::post)) {
    reply = co_await knock(lane, std::move(query.session));
    if (reply.status == 200) reply.status = 400;
    co_return poll_response(std::move(reply), poll_type);
  }
  if (get) {
    reply = co_await call_poll(request, lane, std::move(query));
    co_return poll_response(std::move(reply), poll_type);
  }
  reply = co_await call_post(request, lane, std::move(query.session));
  co_return poll_response(std::move(reply), post_type);
}

// What needs no session to be refused is refused here.
asio::awaitable<http_response> engine_server::impl::answer_elsewhere(http_request& request,
                                                                     std::string node,
                                                                     bool websocket) {
  std::string accepted;
  if (websocket && asks_for_websocket(request)) {
    if (!is_origin_allowed(settings, request)) co_return fault_reply(engine_fault::forbidden);
    accepted = websocket_accept(request).value_or("");
    if (accepted.empty()) co_return fault_reply(engine_fault::bad_request);
  }
  co_return co_await forward->forward(std::move(node), request, std::move(accepted));
}

asio::awaitable<std::optional<http_response>> engine_server::impl::before_post(
    http_request& request) {
  const auto keep = shared_from_this();
  auto query = read_engine_query(request);
  const auto place = read_session_id(query.session);
  const bool here = place && place->node == settings.node && place->reactor < lanes.size();
  if (!here || query.transport != "polling") co_return std::nullopt;
  auto announced = co_await announce_post(request, lanes[place->reactor], std::move(query.session));
  if (announced.status == 200) co_return std::nullopt;
  auto refusal = poll_response(std::move(announced), post_type);
  add_cors(settings, request, refusal);
  co_return std::optional<http_response>(std::move(refusal));
}

bool engine_server::impl::on_every_lane(std::function<bool(engine_lane&)> act) {
  std::vector<std::future<bool>> done;
  for (auto& lane : lanes) {
    auto promise = std::make_shared<std::promise<bool>>();
    done.push_back(promise->get_future());
    asio::post(lane->loop(), [lane, act, promise] { promise->set_value(act(*lane)); });
  }
  bool all = true;
  for (auto& each : done) {
    all = each.wait_for(stop_wait) == std::future_status::ready && each.get() && all;
  }
  return all;
}

engine_server::engine_server(net::reactors& loops, engine_settings settings, engine_acceptor accept,
                             engine_forwarder* forward)
    : impl_(std::make_shared<impl>(loops, std::move(settings), std::move(accept), forward)) {}

engine_server::~engine_server() {
  stop();
}

std::vector<net::route> engine_server::routes() {
  net::route_options options;
  const auto& s = impl_->settings;
  options.timeout_ms =
      static_cast<int>((s.ping_interval + s.ping_timeout + poll_time_more).count());
  options.body_bytes_max = get_body_bytes_max;
  options.on_refusal = [impl = impl_](http_request& request, http_response& reply) {
    add_cors(impl->settings, request, reply);
    // A body that is too large is lost, its session is not.
    if (reply.status == 413) forget_announced_post(request);
  };
  std::vector<net::route> out;
  const auto answer = [impl = impl_](http_request& request) { return impl->answer(request); };
  for (const auto method : {http_method::get, http_method::head, http_method::put,
                            http_method::patch, http_method::remove}) {
    out.emplace_back(method, s.path, net::handler(answer), options);
  }
  options.body_bytes_max = s.payload_bytes_max;
  options.before_body = [impl = impl_](http_request& request) {
    return impl->before_post(request);
  };
  out.emplace_back(http_method::post, s.path, net::handler(answer), options);
  const auto preflight = [impl = impl_](http_request& request) {
    http_response reply(204);
    add_cors(impl->settings, request, reply, true);
    return reply;
  };
  out.emplace_back(http_method::options, s.path, net::sync_handler(preflight));
  return out;
}

void engine_server::start() {
  if (impl_->running) return;
  impl_->running = true;
  for (auto& lane : impl_->lanes) asio::post(lane->loop(), [lane] { lane->start(); });
}

void engine_server::stop() {
  if (!impl_->running) return;
  impl_->running = false;
  const auto until = std::chrono::steady_clock::now() + leave_wait;
  impl_->on_every_lane([](engine_lane& lane) {
    lane.stop(false);
    return true;
  });
  while (std::chrono::steady_clock::now() < until) {
    if (impl_->on_every_lane([](engine_lane& lane) { return lane.idle(); })) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  impl_->on_every_lane([](engine_lane& lane) {
    lane.stop(true);
    return true;
  });
}

engine_figures engine_server::figures() const {
  engine_figures out;
  for (const auto& lane : impl_->lanes) {
    const auto& one = lane->figures();
    out.polling += one.polling.get();
    out.websocket += one.websocket.get();
    out.opened += one.opened.get();
    out.upgraded += one.upgraded.get();
    out.packets_in += one.packets_in.get();
    out.packets_out += one.packets_out.get();
    out.bytes_in += one.bytes_in.get();
    out.bytes_out += one.bytes_out.get();
    out.dropped += one.dropped.get();
    out.cut += one.cut.get();
    out.timed_out += one.timed_out.get();
  }
  return out;
}

}  // namespace son1k::realtime
