#include "realtime/forward/forwarder.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <unordered_map>
#include <utility>

#include "base/log.hpp"
#include "net/http_pool.hpp"
#include "net/takeover.hpp"
#include "net/tunnel.hpp"
#include "realtime/engine/request.hpp"
#include "realtime/forward/mark.hpp"

namespace son1k::realtime {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds stop_wait{1'000};
constexpr std::int64_t log_gap_ms = 10'000;
// What the other server needs of the client's own fields; those of a WebSocket only for one.
constexpr std::string_view kept_fields[] = {"Origin", "Content-Type"};
constexpr std::string_view upgrade_fields[] = {"Upgrade", "Connection", "Sec-WebSocket-Key",
                                               "Sec-WebSocket-Version"};

forward_cover cover_of(const net::http_request& request) {
  return {net::name_of(request.method), request.target, request.header("Origin"),
          request.header("Content-Type"), request.body};
}

// The connections of one reactor; touched by its thread only.
struct forward_place {
  forward_place(asio::any_io_executor e, net::pool_settings with)
      : executor(std::move(e)), pool(std::make_shared<net::http_pool>(executor, with)) {}

  void stop() {
    stopped = true;
    pool->stop();
    // Each takes itself out.
    const auto open = tunnels;
    for (const auto& [key, one] : open) {
      if (const auto still = one.lock()) still->cut();
    }
  }

  const asio::any_io_executor executor;
  const std::shared_ptr<net::http_pool> pool;
  std::unordered_map<const net::tunnel*, std::weak_ptr<net::tunnel>> tunnels;
  bool stopped = false;
};

net::http_response plain_reply(const net::http_request& request, net::pool_reply reply) {
  net::http_response out(reply.status);
  const bool get = request.method == net::http_method::get;
  out.content_type = reply.status != 200 ? "application/json" : get ? poll_type : post_type;
  out.headers.add("Cache-Control", "no-store");
  out.body = std::move(reply.body);
  return out;
}

}  // namespace

class forwarder::impl : public std::enable_shared_from_this<forwarder::impl> {
 public:
  impl(net::reactors& loops, node_book& b, forward_settings s) : book(b), settings(std::move(s)) {
    net::pool_settings with;
    with.exchanges_max = settings.polls_max / loops.size() + 1;
    with.body_bytes_max = settings.reply_bytes_max;
    for (std::size_t n = 0; n < loops.size(); ++n) {
      places.push_back(std::make_shared<forward_place>(loops.executor(n), with));
    }
  }

  std::shared_ptr<forward_place> place_of(const net::http_request& request) {
    for (const auto& place : places) {
      if (place->executor == request.executor) return place;
    }
    return places.front();
  }

  net::client_request message_to(const std::string& node, net::http_request& request,
                                 bool upgrade) {
    net::client_request out;
    out.method = request.method;
    out.target = std::string(request.target);
    const forward_mark mark{book.now_ms(), settings.node, node, request.remote_address};
    out.headers.emplace_back(forward_field,
                             write_forward_mark(book.keys(), mark, cover_of(request)));
    out.headers.emplace_back("X-Request-Id", request.request_id);
    const auto copy = [&](auto& names) {
      for (const auto name : names) {
        if (request.has_header(name)) out.headers.emplace_back(name, request.header(name));
      }
    };
    copy(kept_fields);
    if (upgrade) copy(upgrade_fields);
    out.body = std::move(request.body);
    return out;
  }

  net::http_response unknown(std::atomic<std::uint64_t>& count) {
    ++count;
    return fault_reply(engine_fault::unknown_session);
  }
  net::http_response at_bound() {
    ++refused;
    return net::text_response(503, "Too many requests are on their way to other servers.\n");
  }
  void log_now_and_then(const std::string& node, std::string_view why) {
    const auto now = book.now_ms();
    auto last = logged_ms.load();
    if (now - last < log_gap_ms || !logged_ms.compare_exchange_strong(last, now)) return;
    log::warn("forward.failed", {{"node", node}, {"why", why}});
  }

  asio::awaitable<net::http_response> forward(std::string node, net::http_request& request,
                                              std::string accept);
  net::http_response switched(std::shared_ptr<forward_place> place, net::pool_reply reply,
                              const std::string& accept);
  void join(const std::shared_ptr<forward_place>& place, net::taken_socket taken,
            asio::ip::tcp::socket far_side, std::string unread);

  node_book& book;
  const forward_settings settings;
  std::vector<std::shared_ptr<forward_place>> places;
  std::atomic<std::uint64_t> answered{0}, nowhere{0}, broken{0}, refused{0}, received{0}, forged{0};
  std::atomic<std::size_t> under_way{0}, tunnels{0};
  std::atomic<std::int64_t> logged_ms{0};
  bool stopped = false;
};

asio::awaitable<net::http_response> forwarder::impl::forward(std::string node,
                                                             net::http_request& request,
                                                             std::string accept) {
  const auto self = shared_from_this();
  const bool upgrade = asks_for_websocket(request);
  const bool poll = request.method == net::http_method::get && !upgrade;
  const bool full = under_way.load() >= settings.polls_max;
  if (full || (upgrade && tunnels.load() >= settings.tunnels_max)) co_return at_bound();
  struct counted {
    explicit counted(std::atomic<std::size_t>& c) : count(c) { ++count; }
    ~counted() { --count; }
    std::atomic<std::size_t>& count;
  };
  const counted one(under_way);
  auto looking = book.find(node);
  const auto address = co_await std::move(looking);
  if (!address || book.keys().now.empty()) co_return unknown(nowhere);
  const auto grip = std::make_shared<net::exchange_grip>();
  std::function<void()> gone = [weak = std::weak_ptr(grip)] {
    if (const auto held = weak.lock()) held->give_up();
  };
  // What a client posts is delivered though it goes.
  if (poll && request.peer != nullptr) request.peer->on_gone(std::move(gone));
  const auto place = place_of(request);
  const auto time = poll ? settings.poll_time : settings.answer_time;
  auto message = message_to(node, request, upgrade);
  auto asking =
      place->pool->exchange(*address, std::move(message), std::string(forward_field), time, grip);
  auto reply = co_await std::move(asking);
  if (!reply) {
    const auto why = reply.error();
    if (why.code == errc::rate_limited) co_return at_bound();
    if (why.code != errc::cancelled) log_now_and_then(node, why.message.en);
    co_return unknown(broken);
  }
  if (reply->mark != node) {
    log_now_and_then(node, "HTTP " + std::to_string(reply->status) + " of another server");
    co_return unknown(nowhere);
  }
  ++answered;
  if (reply->status == 101) co_return switched(place, std::move(*reply), accept);
  co_return plain_reply(request, std::move(*reply));
}

net::http_response forwarder::impl::switched(std::shared_ptr<forward_place> place,
                                             net::pool_reply reply, const std::string& accept) {
  auto out = websocket_reply(accept);
  auto far_side = std::make_shared<asio::ip::tcp::socket>(std::move(*reply.socket));
  out.takeover = [self = shared_from_this(), place = std::move(place), far_side,
                  unread = std::move(reply.unread)](net::taken_socket taken) {
    self->join(place, std::move(taken), std::move(*far_side), unread);
  };
  return out;
}

void forwarder::impl::join(const std::shared_ptr<forward_place>& place, net::taken_socket taken,
                           asio::ip::tcp::socket far_side, std::string unread) {
  if (place->stopped) return;
  const auto hold = std::move(taken.hold);
  const auto key = std::make_shared<const net::tunnel*>(nullptr);
  ++tunnels;
  auto ended = [self = shared_from_this(), place, hold, key] {
    --self->tunnels;
    place->tunnels.erase(*key);
  };
  const auto made =
      std::make_shared<net::tunnel>(std::move(taken.socket), std::move(far_side), std::move(ended));
  *key = made.get();
  place->tunnels.emplace(made.get(), made);
  std::weak_ptr<net::tunnel> weak = made;
  hold->on_stop([place, weak](bool) {
    asio::post(place->executor, [weak] {
      if (const auto still = weak.lock()) still->cut();
    });
  });
  made->start(std::move(taken.unread), std::move(unread));
}

forwarder::forwarder(net::reactors& loops, node_book& book, forward_settings settings)
    : impl_(std::make_shared<impl>(loops, book, std::move(settings))) {}

forwarder::~forwarder() {
  stop();
}

request_sender forwarder::sender_of(net::http_request& request) {
  const auto value = request.header(forward_field);
  if (value.empty()) return request_sender::client;
  const auto& book = impl_->book;
  const auto mark = read_forward_mark(book.keys(), value, cover_of(request), book.now_ms());
  if (!mark) {
    ++impl_->forged;
    return request_sender::forger;
  }
  // For a server that had this one's address before.
  if (mark->to != impl_->settings.node) return request_sender::forger;
  ++impl_->received;
  request.remote_address = mark->client;
  return request_sender::other_server;
}

asio::awaitable<net::http_response> forwarder::forward(std::string node, net::http_request& request,
                                                       std::string accept) {
  return impl_->forward(std::move(node), request, std::move(accept));
}

void forwarder::sign(net::http_response& reply) const {
  reply.headers.add(forward_field, impl_->settings.node);
}

void forwarder::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  std::vector<std::future<void>> done;
  for (const auto& place : impl_->places) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    asio::post(place->executor, [place, promise] {
      place->stop();
      promise->set_value();
    });
  }
  const auto until = std::chrono::steady_clock::now() + stop_wait;
  for (auto& one : done) one.wait_until(until);
}

forward_figures forwarder::figures() const {
  forward_figures out;
  out.answered = impl_->answered;
  out.unknown = impl_->nowhere;
  out.broken = impl_->broken;
  out.refused = impl_->refused;
  out.taken = impl_->received;
  out.forged = impl_->forged;
  out.under_way = impl_->under_way;
  out.tunnels = impl_->tunnels;
  return out;
}

void forwarder::gather_figures(std::vector<metrics::family>& out) const {
  using metrics::family_type;
  const auto now = figures();
  metrics::family passed{"son1k_realtime_forwarded_total",
                         "Requests passed on to the server that has their session, by outcome.",
                         family_type::counter,
                         {}};
  passed.add({{"outcome", "answered"}}, static_cast<double>(now.answered));
  passed.add({{"outcome", "unknown"}}, static_cast<double>(now.unknown));
  passed.add({{"outcome", "broken"}}, static_cast<double>(now.broken));
  passed.add({{"outcome", "refused"}}, static_cast<double>(now.refused));
  out.push_back(std::move(passed));
  metrics::add_figure(out, "son1k_realtime_forwards", "Requests that are being passed on.",
                      family_type::gauge, static_cast<double>(now.under_way));
  metrics::add_figure(out, "son1k_realtime_tunnels",
                      "WebSockets of clients here whose sessions another server has.",
                      family_type::gauge, static_cast<double>(now.tunnels));
  metrics::add_figure(out, "son1k_realtime_forwards_taken_total",
                      "Requests that other servers passed on to this one.", family_type::counter,
                      static_cast<double>(now.taken));
  metrics::add_figure(out, "son1k_realtime_forwards_forged_total",
                      "Requests that were said to come from another server, without proof.",
                      family_type::counter, static_cast<double>(now.forged));
}

}  // namespace son1k::realtime
