#include <set>

#include "realtime/cluster/redis/classic_node.hpp"

namespace son1k::realtime {
namespace json = boost::json;
namespace {

// The namespace in "<before>#<space>#<anything>"; nothing: another channel.
std::optional<std::string> space_in(std::string_view channel, std::string_view before) {
  if (!channel.starts_with(before)) return std::nullopt;
  channel.remove_prefix(before.size());
  if (!channel.starts_with('#')) return std::nullopt;
  channel.remove_prefix(1);
  const auto end = channel.find('#');
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(channel.substr(0, end));
}

std::optional<io_broadcast> broadcast_of(const std::string& space, const json::value& packet,
                                         const json::value& opts,
                                         std::vector<std::string>& attachments) {
  auto whom = selection_of(opts);
  if (!whom || number_member(packet, "type") != 2 || !is_event(member(packet, "data")))
    return std::nullopt;
  io_broadcast out;
  out.space = space;
  out.event = take_payload(member(packet, "data"), attachments);
  out.whom = std::move(*whom);
  out.flags = flags_of(opts);
  return out;
}

}  // namespace

void classic_cluster::hear(const std::string& channel, const std::string& bytes) {
  const auto request = space_in(channel, settings_.prefix + "-request");
  const auto response = space_in(channel, settings_.prefix + "-response");
  const auto broadcast = space_in(channel, settings_.prefix);
  const auto& space = request ? request : response ? response : broadcast;
  if (!space || !serves(*space)) return refuse("a foreign channel", channel);
  auto message = read_wire(bytes);
  if (!message) return refuse("neither JSON nor MessagePack", channel);
  note_heard();
  const bool whole = request    ? hear_request(*space, *message)
                     : response ? hear_response(*message)
                                : hear_broadcast(*space, *message);
  if (!whole) refuse("a message without its parts", channel);
}

bool classic_cluster::hear_broadcast(const std::string& space, packed_value& message) {
  const auto* parts = message.value.if_array();
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_string()) return false;
  if ((*parts)[0].get_string() == node_) return true;
  const auto& packet = (*parts)[1];
  const auto named = text_member(packet, "nsp");
  if ((named.empty() ? "/" : named) != space) return false;
  const auto event = broadcast_of(space, packet, (*parts)[2], message.attachments);
  if (!event) return false;
  with_peer([&](cluster_peer& peer) { peer.on_broadcast(*event); });
  return true;
}

bool classic_cluster::hear_request(const std::string& space, packed_value& message) {
  if (text_member(message.value, "uid") == node_) return true;
  const asker from{space, std::string(text_member(message.value, "requestId"))};
  const auto* number = member(message.value, "type").if_int64();
  if (number == nullptr || *number < 0 || *number > 9) return false;
  const auto type = static_cast<classic_type>(*number);
  switch (type) {
    case classic_type::sockets:
    case classic_type::all_rooms:
    case classic_type::fetch:
      return hear_fetch(type, from, message.value);
    case classic_type::join:
    case classic_type::leave:
    case classic_type::disconnect:
      return hear_change(type, from, message.value);
    case classic_type::server_emit:
      return hear_server_emit(from, message);
    case classic_type::broadcast:
      return hear_broadcast_with_ack(from, message);
    default:
      return false;
  }
}

// Adapters before 7 name one socket and wait for an answer; the rest name a selection.
bool classic_cluster::hear_change(classic_type type, const asker& from,
                                  const json::value& message) {
  const bool one = member(message, "opts").is_null();
  room_selection whom;
  std::vector<std::string> rooms;
  if (one) {
    whom.rooms.emplace_back(text_member(message, "sid"));
    if (whom.rooms.front().empty()) return false;
    rooms.emplace_back(text_member(message, "room"));
  } else {
    auto selection = selection_of(member(message, "opts"));
    if (!selection) return false;
    whom = std::move(*selection);
    if (type != classic_type::disconnect) {
      auto named = texts_of(member(message, "rooms"));
      if (!named) return false;
      rooms = std::move(*named);
    }
  }
  const bool close = member(message, "close") == true;
  with_peer([&](cluster_peer& peer) {
    if (type == classic_type::join)
      peer.on_join(from.space, whom, rooms);
    else if (type == classic_type::leave)
      peer.on_leave(from.space, whom, rooms);
    else
      peer.on_disconnect(from.space, whom, close);
  });
  if (one) answer_done(from);
  return true;
}

bool classic_cluster::hear_fetch(classic_type type, const asker& from, const json::value& message) {
  if (from.request.empty()) return false;
  if (requests_.has(from.request)) return true;
  room_selection whom;
  if (type == classic_type::fetch) {
    auto selection = selection_of(member(message, "opts"));
    if (!selection) return false;
    whom = std::move(*selection);
  } else if (type == classic_type::sockets) {
    auto rooms = texts_of(member(message, "rooms"));
    if (!rooms) return false;
    whom.rooms = std::move(*rooms);
  }
  auto reply = while_here([this, from, type](const std::vector<remote_socket>& sockets) {
    std::set<std::string> names;
    wire_writer out(false);
    out.object(2).key("requestId").text(from.request);
    if (type == classic_type::all_rooms) {
      for (const auto& each : sockets) names.insert(each.rooms.begin(), each.rooms.end());
      out.key("rooms").texts({names.begin(), names.end()});
    } else if (type == classic_type::sockets) {
      for (const auto& each : sockets) names.insert(each.id);
      out.key("sockets").texts({names.begin(), names.end()});
    } else {
      out.key("sockets").sockets(sockets);
    }
    answer(from.space, std::move(out));
  });
  if (!with_peer([&](cluster_peer& peer) { peer.on_fetch(from.space, whom, reply); }))
    reply(std::vector<remote_socket>());
  return true;
}

bool classic_cluster::hear_server_emit(const asker& from, packed_value& message) {
  const auto& data = member(message.value, "data");
  if (!is_event(data)) return false;
  const auto event = take_payload(data, message.attachments);
  std::function<void(io_payload)> reply;
  if (!from.request.empty()) {
    auto once = std::make_shared<std::atomic<bool>>(false);
    reply = while_here([this, from, once](const io_payload& ack) {
      if (once->exchange(true)) return;
      wire_writer out(!ack.attachments.empty());
      out.object(3).key("type").number(static_cast<int>(classic_type::server_emit));
      out.key("requestId").text(from.request).key("data").first_of(ack);
      answer(from.space, std::move(out));
    });
  }
  with_peer([&](cluster_peer& peer) { peer.on_server_emit(from.space, event, std::move(reply)); });
  return true;
}

bool classic_cluster::hear_broadcast_with_ack(const asker& from, packed_value& message) {
  if (from.request.empty()) return false;
  const auto event = broadcast_of(from.space, member(message.value, "packet"),
                                  member(message.value, "opts"), message.attachments);
  if (!event) return false;
  auto asked = while_here([this, from](std::size_t clients) {
    wire_writer out(false);
    out.object(3).key("type").number(static_cast<int>(classic_type::client_count));
    out.key("requestId").text(from.request);
    out.key("clientCount").number(static_cast<std::int64_t>(clients));
    answer(from.space, std::move(out));
  });
  auto acked = while_here([this, from](const io_payload& ack) {
    wire_writer out(true);
    out.object(3).key("type").number(static_cast<int>(classic_type::ack));
    out.key("requestId").text(from.request).key("packet").first_of(ack);
    answer(from.space, std::move(out));
  });
  const bool heard = with_peer(
      [&](cluster_peer& peer) { peer.on_broadcast_with_ack(*event, asked, std::move(acked)); });
  if (!heard) asked(0);
  return true;
}

// Others ask and answer on the same channel: what is not an answer to an open request of this node
// is none of its business.
bool classic_cluster::hear_response(packed_value& message) {
  const auto& value = message.value;
  const std::string id(text_member(value, "requestId"));
  if (!requests_.has(id)) return true;
  if (const auto& list = member(value, "sockets"); !list.is_null()) {
    auto sockets = sockets_of(list, message.attachments.size());
    if (!sockets) return false;
    requests_.on_sockets(id, {}, std::move(*sockets));
    return true;
  }
  switch (static_cast<classic_type>(number_member(value, "type"))) {
    case classic_type::client_count: {
      const auto clients = number_member(value, "clientCount");
      if (clients < 0) return false;
      requests_.on_asked(id, {}, static_cast<std::size_t>(clients));
      return true;
    }
    case classic_type::ack:
      requests_.on_acked(id, take_answer(member(value, "packet"), message.attachments));
      return true;
    case classic_type::server_emit:
      requests_.on_answer(id, {}, take_answer(member(value, "data"), message.attachments));
      return true;
    default:
      return false;
  }
}

void classic_cluster::on_lost() {
  with_peer([](cluster_peer& peer) { peer.on_gap(); });
}

void classic_cluster::tick() {
  count_others(settings_.spaces, [this](const auto& space) { return request_channel(space); });
}

}  // namespace son1k::realtime
