#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "realtime/cluster/redis/streams_node.hpp"

namespace son1k::realtime {
namespace json = boost::json;
namespace {

constexpr std::size_t node_bytes_max = 64;

}  // namespace

std::optional<heard_message> heard_of(const bus_message& entry) {
  heard_message out;
  out.type = entry.type;
  out.node = entry.node;
  out.space = entry.space;
  out.offset = entry.offset;
  if (out.node.size() > node_bytes_max) return std::nullopt;
  if (entry.data.empty()) return out;
  std::optional<packed_value> data;
  if (entry.data.starts_with('{')) {
    data = read_wire_json(entry.data);
  } else if (const auto bytes = from_base64(entry.data); bytes) {
    data = read_messagepack(*bytes);
  }
  if (!data) return std::nullopt;
  out.data = std::move(data->value);
  out.attachments = std::move(data->attachments);
  return out;
}

std::optional<io_broadcast> broadcast_of(heard_message& message) {
  const auto& packet = member(message.data, "packet");
  const auto& opts = member(message.data, "opts");
  auto whom = selection_of(opts);
  if (!whom || number_member(packet, "type") != 2 || !is_event(member(packet, "data")))
    return std::nullopt;
  io_broadcast out;
  out.space = message.space;
  out.event = take_payload(member(packet, "data"), message.attachments);
  out.whom = std::move(*whom);
  out.flags = flags_of(opts);
  const bool with_ack = !text_member(message.data, "requestId").empty();
  if (!out.flags.is_volatile && !with_ack) out.offset = message.offset;
  return out;
}

void streams_cluster::hear(const std::string& channel, const std::string& bytes) {
  auto packed = read_messagepack(bytes);
  if (!packed) return refuse("no MessagePack", channel);
  const auto type = number_member(packed->value, "type");
  heard_message message;
  message.by_channel = true;
  message.node = text_member(packed->value, "uid");
  message.space = text_member(packed->value, "nsp");
  if (message.node.empty() || message.node.size() > node_bytes_max || !serves(message.space) ||
      type < 1 || type > static_cast<std::int64_t>(bus_type::close))
    return refuse("no message of the cluster", channel);
  if (message.node == node()) return;
  message.type = static_cast<bus_type>(type);
  message.data = member(packed->value, "data");
  message.attachments = std::move(packed->attachments);
  handle(message);
}

void streams_cluster::hear_entry(const bus_message& entry) {
  note_offset(entry.offset);
  if (!serves(entry.space)) return;
  try {
    auto message = heard_of(entry);
    if (!message) return refuse("an entry that cannot be read", entry.offset);
    live_.heard(message->space, message->node);
    handle(*message);
  } catch (const std::exception& e) {
    refuse(e.what(), entry.offset);
  }
}

void streams_cluster::hear_own(const bus_message& entry) {
  note_offset(entry.offset);
  try {
    turns_.come(entry.mark, entry.offset);
  } catch (const std::exception& e) {
    refuse(e.what(), entry.offset);
  }
}

void streams_cluster::hear_gap() {
  turns_.on_gap();
  with_peer([](cluster_peer& peer) { peer.on_gap(); });
}

void streams_cluster::handle(heard_message& message) {
  using handler = bool (streams_cluster::*)(heard_message&);
  static constexpr std::array<handler, 14> handlers{nullptr,
                                                    &streams_cluster::handle_beat,
                                                    &streams_cluster::handle_beat,
                                                    &streams_cluster::handle_broadcast,
                                                    &streams_cluster::handle_change,
                                                    &streams_cluster::handle_change,
                                                    &streams_cluster::handle_change,
                                                    &streams_cluster::handle_fetch,
                                                    &streams_cluster::handle_answer,
                                                    &streams_cluster::handle_server_emit,
                                                    &streams_cluster::handle_answer,
                                                    &streams_cluster::handle_answer,
                                                    &streams_cluster::handle_answer,
                                                    &streams_cluster::handle_beat};
  note_heard();
  const auto type = static_cast<std::size_t>(message.type);
  if (!(this->*handlers[type])(message)) refuse("a message without its parts", message.offset);
}

bool streams_cluster::handle_beat(heard_message& message) {
  if (message.by_channel) return true;
  if (message.type == bus_type::close) {
    live_.gone(message.space, message.node);
    requests_.on_gone(message.space, message.node);
  } else if (message.type == bus_type::first_heartbeat) {
    beat(message.space, bus_type::heartbeat);
  }
  return true;
}

bool streams_cluster::handle_broadcast(heard_message& message) {
  const std::string id(text_member(message.data, "requestId"));
  const auto event = broadcast_of(message);
  if (!event) return false;
  if (id.empty()) {
    with_peer([&](cluster_peer& peer) { peer.on_broadcast(*event); });
    return true;
  }
  heard_message from;  // without what it said
  from.node = message.node;
  from.space = message.space;
  from.by_channel = message.by_channel;
  auto asked = while_here([this, from, id](std::size_t clients) {
    answer(from, bus_type::broadcast_count, false, [&](wire_writer& out) {
      out.object(2).key("requestId").text(id);
      out.key("clientCount").number(static_cast<std::int64_t>(clients));
    });
  });
  auto acked = while_here([this, from, id](const io_payload& ack) {
    answer(from, bus_type::broadcast_ack, !ack.attachments.empty(), [&](wire_writer& out) {
      out.object(2).key("requestId").text(id).key("packet").first_of(ack);
    });
  });
  const bool heard = with_peer(
      [&](cluster_peer& peer) { peer.on_broadcast_with_ack(*event, asked, std::move(acked)); });
  if (!heard) asked(0);
  return true;
}

bool streams_cluster::handle_change(heard_message& message) {
  const auto whom = selection_of(member(message.data, "opts"));
  if (!whom) return false;
  if (message.type == bus_type::disconnect) {
    const bool close = member(message.data, "close") == true;
    with_peer([&](cluster_peer& peer) { peer.on_disconnect(message.space, *whom, close); });
    return true;
  }
  const auto rooms = texts_of(member(message.data, "rooms"));
  if (!rooms) return false;
  with_peer([&](cluster_peer& peer) {
    if (message.type == bus_type::join)
      peer.on_join(message.space, *whom, *rooms);
    else
      peer.on_leave(message.space, *whom, *rooms);
  });
  return true;
}

bool streams_cluster::handle_fetch(heard_message& message) {
  const std::string id(text_member(message.data, "requestId"));
  const auto whom = selection_of(member(message.data, "opts"));
  if (!whom || id.empty()) return false;
  heard_message from;
  from.node = message.node;
  from.space = message.space;
  from.by_channel = message.by_channel;
  auto reply = while_here([this, from, id](const std::vector<remote_socket>& sockets) {
    answer(from, bus_type::fetch_reply, false, [&](wire_writer& out) {
      out.object(2).key("requestId").text(id).key("sockets").sockets(sockets);
    });
  });
  if (!with_peer([&](cluster_peer& peer) { peer.on_fetch(message.space, *whom, reply); }))
    reply(std::vector<remote_socket>());
  return true;
}

bool streams_cluster::handle_server_emit(heard_message& message) {
  const std::string id(text_member(message.data, "requestId"));
  const auto& packet = member(message.data, "packet");
  if (!is_event(packet)) return false;
  const auto event = take_payload(packet, message.attachments);
  std::function<void(io_payload)> reply;
  if (!id.empty()) {
    heard_message from;
    from.node = message.node;
    from.space = message.space;
    from.by_channel = message.by_channel;
    auto once = std::make_shared<std::atomic<bool>>(false);
    reply = while_here([this, from, id, once](const io_payload& ack) {
      if (once->exchange(true)) return;
      answer(from, bus_type::server_emit_reply, !ack.attachments.empty(), [&](wire_writer& out) {
        out.object(2).key("requestId").text(id).key("packet").first_of(ack);
      });
    });
  }
  with_peer(
      [&](cluster_peer& peer) { peer.on_server_emit(message.space, event, std::move(reply)); });
  return true;
}

bool streams_cluster::handle_answer(heard_message& message) {
  const std::string id(text_member(message.data, "requestId"));
  if (id.empty()) return false;
  switch (message.type) {
    case bus_type::fetch_reply: {
      auto sockets = sockets_of(member(message.data, "sockets"), message.attachments.size());
      if (!sockets) return false;
      requests_.on_sockets(id, message.node, std::move(*sockets));
      return true;
    }
    case bus_type::broadcast_count: {
      const auto clients = number_member(message.data, "clientCount");
      if (clients < 0) return false;
      requests_.on_asked(id, message.node, static_cast<std::size_t>(clients));
      return true;
    }
    case bus_type::broadcast_ack:
      requests_.on_acked(id, take_answer(member(message.data, "packet"), message.attachments));
      return true;
    default:
      requests_.on_answer(id, message.node,
                          take_answer(member(message.data, "packet"), message.attachments));
      return true;
  }
}

void streams_cluster::tick() {
  turns_.on_time();
  if (settings_.questions_in_stream) {
    const auto now = clock_.steady_ms();
    for (const auto& [space, node] : live_.take_silent()) requests_.on_gone(space, node);
    if (now - beaten_ms_ < settings_.heartbeat_ms) return;
    beaten_ms_ = now;
    for (const auto& space : settings_.spaces) beat(space, bus_type::heartbeat);
    return;
  }
  count_others(settings_.spaces, [this](const auto& space) { return public_channel(space); });
}

}  // namespace son1k::realtime
