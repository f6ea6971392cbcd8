#include "realtime/cluster/redis/classic_cluster.hpp"

#include "realtime/bus/bus.hpp"
#include "realtime/cluster/redis/classic_node.hpp"
#include "realtime/cluster/redis/standing.hpp"

namespace son1k::realtime {

using boost::asio::awaitable;

namespace {

// In a pattern of Redis, a text that matches itself.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

error cannot_recover() {
  return {errc::not_found,
          "pid",
          {"this way of sharing rooms cannot recover connections",
           "esta forma de compartir salas no puede recuperar conexiones"}};
}

wire_writer& begin_request(wire_writer& out, std::size_t members, const std::string& node,
                           classic_type type) {
  out.object(members + 2).key("uid").text(node);
  return out.key("type").number(static_cast<int>(type));
}

void write_packet(wire_writer& out, const io_broadcast& message) {
  out.object(3).key("type").number(2).key("data").payload(message.event);
  out.key("nsp").text(message.space);
}

}  // namespace

classic_cluster::classic_cluster(net::redis_client& redis, const clock_port& clock,
                                 classic_cluster_settings settings)
    : cluster_node(redis, clock, settings.answer_ms),
      settings_(std::move(settings)),
      node_(new_node_name()) {}

result<void> classic_cluster::begin() {
  const auto standing = std::make_shared<standing_count>();
  const auto add = [&](std::string channel, net::redis_channel how, bool tells_gaps) {
    auto live = standing->expect();
    std::function<void()> confirmed = live;
    if (tells_gaps)
      confirmed = while_here([this, live, first = std::make_shared<bool>(true)] {
        if (!std::exchange(*first, false)) note_lost();
        live();
      });
    channels_.push_back(subscribe(std::move(channel), how, std::move(confirmed)));
  };
  for (const auto& space : settings_.spaces) {
    add(escaped(settings_.prefix + "#" + space + "#") + "*", net::redis_channel::pattern, true);
    add(request_channel(space), net::redis_channel::name, false);
    add(response_channel(space), net::redis_channel::name, false);
    add(response_channel(space) + node_ + "#", net::redis_channel::name, false);
  }
  if (auto ok = standing->wait(); !ok) return ok;
  start();
  return {};
}

awaitable<result<void>> classic_cluster::ask(std::string space, wire_writer message) {
  auto bytes = message.take();
  if (!bytes) co_return no_payload();
  if (bytes->size() > classic_bytes_max) co_return too_large(bytes->size());
  auto told = co_await publish_and_wait(request_channel(space), std::move(*bytes));
  co_return told;
}

void classic_cluster::answer(const std::string& space, wire_writer message) {
  if (const auto bytes = message.take(); bytes) publish(response_channel(space), *bytes);
}

void classic_cluster::answer_done(const asker& to) {
  if (to.request.empty()) return;
  wire_writer out(false);
  out.object(1).key("requestId").text(to.request);
  answer(to.space, std::move(out));
}

awaitable<result<std::string>> classic_cluster::broadcast(io_broadcast message, io_turn deliver) {
  if (auto ok = check_event(message.event); !ok) co_return ok.error();
  wire_writer out(true);
  out.array(3).text(node_);
  write_packet(out, message);
  out.options(message.whom, message.flags);
  auto bytes = out.take();
  if (!bytes) co_return no_payload();
  if (bytes->size() > classic_bytes_max) co_return too_large(bytes->size());
  auto channel = settings_.prefix + "#" + message.space + "#";
  if (message.whom.rooms.size() == 1) channel += message.whom.rooms.front() + "#";
  auto told = co_await publish_and_wait(std::move(channel), std::move(*bytes));
  if (!told) co_return told.error();
  if (deliver) deliver({});
  co_return std::string();
}

awaitable<result<awaited_nodes>> classic_cluster::others(std::string space) {
  auto listeners = co_await listeners_of(request_channel(space));
  if (!listeners) co_return listeners.error();
  awaited_nodes out;
  const std::size_t own = serves(space) ? 1 : 0;
  out.count = *listeners - std::min(*listeners, own);
  co_return out;
}

awaitable<result<void>> classic_cluster::ask_clients(io_broadcast message, std::string id) {
  wire_writer out(true);
  begin_request(out, 3, node_, classic_type::broadcast).key("requestId").text(id).key("packet");
  write_packet(out, message);
  out.key("opts").options(message.whom, message.flags);
  auto told = co_await ask(message.space, std::move(out));
  co_return told;
}

awaitable<result<void>> classic_cluster::change(classic_type type, std::string space,
                                                room_selection whom,
                                                std::vector<std::string> rooms) {
  wire_writer out(false);
  begin_request(out, 2, node_, type).key("opts").options(whom).key("rooms").texts(rooms);
  auto told = co_await ask(std::move(space), std::move(out));
  co_return told;
}

awaitable<result<void>> classic_cluster::disconnect(std::string space, room_selection whom,
                                                    bool close) {
  wire_writer out(false);
  begin_request(out, 2, node_, classic_type::disconnect).key("opts").options(whom);
  out.key("close").boolean(close);
  auto told = co_await ask(std::move(space), std::move(out));
  co_return told;
}

awaitable<result<void>> classic_cluster::ask_sockets(std::string space, room_selection whom,
                                                     std::string id) {
  wire_writer out(false);
  begin_request(out, 2, node_, classic_type::fetch).key("requestId").text(id);
  out.key("opts").options(whom);
  auto told = co_await ask(std::move(space), std::move(out));
  co_return told;
}

awaitable<result<void>> classic_cluster::ask_servers(std::string space, io_payload event,
                                                     std::string id) {
  wire_writer out(!event.attachments.empty());
  begin_request(out, id.empty() ? 1 : 2, node_, classic_type::server_emit);
  if (!id.empty()) out.key("requestId").text(id);
  out.key("data").payload(event);
  auto told = co_await ask(std::move(space), std::move(out));
  co_return told;
}

awaitable<result<void>> classic_cluster::keep_session(kept_session, std::int64_t) {
  co_return cannot_recover();
}
awaitable<result<kept_session>> classic_cluster::take_session(std::string) {
  co_return cannot_recover();
}
awaitable<result<std::vector<io_broadcast>>> classic_cluster::since(std::string, std::string) {
  co_return cannot_recover();
}

result<std::unique_ptr<cluster>> make_classic_cluster(net::redis_client& redis,
                                                      const clock_port& clock,
                                                      classic_cluster_settings settings) {
  auto made = std::make_unique<classic_cluster>(redis, clock, std::move(settings));
  if (auto ok = made->begin(); !ok) return ok.error();
  return std::unique_ptr<cluster>(std::move(made));
}

}  // namespace son1k::realtime
