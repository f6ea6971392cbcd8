#include "realtime/cluster/redis/streams_cluster.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "realtime/cluster/redis/standing.hpp"
#include "realtime/cluster/redis/streams_node.hpp"
#include "realtime/cluster/session_text.hpp"

namespace son1k::realtime {
namespace {

using boost::asio::awaitable;
using fill = wire_fill;

constexpr int pages_max = 100;  // of what a client that comes back missed
// The reader comes to an entry at once unless it is far behind or cut off.
constexpr std::int64_t turn_ms = 5'000;

std::optional<std::string> entry_text(bool packed, const fill& data) {
  wire_writer out(packed);
  data(out);
  auto bytes = out.take();
  if (!bytes || !packed) return bytes;
  std::string text;
  append_base64(text, *bytes);
  return text;
}

}  // namespace

result<void> streams_cluster::begin() {
  bus_settings_.stream = settings_.stream;
  bus_settings_.sessions = settings_.sessions;
  bus_settings_.messages_max = settings_.messages_max;
  auto made = make_stream_bus(redis_, bus_settings_);
  if (!made) return made.error();
  bus_ = std::move(*made);
  auto standing = std::make_shared<standing_count>();
  for (const auto& space : settings_.spaces) {
    for (const auto& channel :
         {public_channel(space), public_channel(space) + bus_->node() + "#"}) {
      auto live = standing->expect();
      channels_.push_back(subscribe(channel, net::redis_channel::name, std::move(live)));
    }
  }
  if (auto ok = standing->wait(); !ok) return ok;
  bus_listener listener;
  listener.message = [this](const bus_message& entry) { hear_entry(entry); };
  listener.own = [this](const bus_message& entry) { hear_own(entry); };
  listener.gap = [this] { hear_gap(); };
  listener.passed_over = [this](const std::string& offset) {
    refuse("an entry that is foreign or too large", offset);
  };
  listening_ = bus_->listen(std::move(listener));
  // Adapters since 0.3 pass it over. For us it is an offset from which on all is known.
  for (const auto& space : settings_.spaces) {
    bus_message first;
    first.type = bus_type::first_heartbeat;
    first.space = space;
    auto added = redis_.call_and_wait(stream_entry(bus_settings_, bus_->node(), first));
    if (!added) return added.error();
    note_offset(added->take_bytes());
  }
  start();
  begun_ = true;
  return {};
}

// Sending

std::optional<std::string> streams_cluster::channel_bytes(bus_type type, const std::string& space,
                                                          const fill& data) const {
  wire_writer out(true);
  out.object(4).key("uid").text(bus_->node()).key("nsp").text(space);
  out.key("type").number(static_cast<int>(type)).key("data");
  data(out);
  return out.take();
}

awaitable<result<std::string>> streams_cluster::tell(bus_type type, std::string space, bool packed,
                                                     fill data, std::uint64_t mark) {
  auto text = entry_text(packed, data);
  if (!text) co_return no_payload();
  bus_message message;
  message.type = type;
  message.space = std::move(space);
  message.data = std::move(*text);
  message.mark = mark;
  auto offset = co_await bus_->publish(std::move(message));
  co_return offset;
}

awaitable<result<void>> streams_cluster::ask(bus_type type, std::string space, bool packed,
                                             fill data) {
  if (settings_.questions_in_stream) {
    auto told = co_await tell(type, std::move(space), packed, std::move(data));
    if (!told) co_return told.error();
    co_return result<void>();
  }
  auto bytes = channel_bytes(type, space, data);
  if (!bytes) co_return no_payload();
  if (bytes->size() > bus_data_bytes_max) co_return too_large(bytes->size());
  auto told = co_await publish_and_wait(public_channel(space), std::move(*bytes));
  co_return told;
}

void streams_cluster::answer(const heard_message& to, bus_type type, bool packed,
                             const fill& data) {
  if (to.by_channel) {
    if (const auto bytes = channel_bytes(type, to.space, data); bytes)
      publish(public_channel(to.space) + to.node + "#", *bytes);
    return;
  }
  auto text = entry_text(packed, data);
  if (!text) return;
  if (text->size() > bus_data_bytes_max) return refuse("an answer of ours is too large", to.space);
  bus_message message;
  message.type = type;
  message.space = to.space;
  message.data = std::move(*text);
  (void)redis_.send(stream_entry(bus_settings_, bus_->node(), message), [](net::redis_reply) {});
}

void streams_cluster::beat(const std::string& space, bus_type type) {
  if (!settings_.questions_in_stream) return;
  bus_message message;
  message.type = type;
  message.space = space;
  (void)redis_.send(stream_entry(bus_settings_, bus_->node(), message), [](net::redis_reply) {});
}

awaitable<result<std::string>> streams_cluster::broadcast(io_broadcast message, io_turn deliver) {
  if (auto ok = check_event(message.event); !ok) co_return ok.error();
  const bool packed = !message.event.attachments.empty();
  fill data = [&message](wire_writer& out) {
    out.object(2).key("packet").object(2).key("type").number(2).key("data").payload(message.event);
    out.key("opts").options(message.whom, message.flags);
  };
  std::uint64_t mark = 0;
  if (deliver) {
    const bool is_volatile = message.flags.is_volatile;
    mark = turns_.open([deliver = std::move(deliver), is_volatile](const std::string& offset) {
      deliver(is_volatile ? std::string() : offset);
    });
    if (mark == 0) co_return too_many_turns();
  }
  const std::shared_ptr<void> done(nullptr, [this, mark](void*) { turns_.forget(mark); });
  auto offset = co_await tell(bus_type::broadcast, message.space, packed, std::move(data), mark);
  if (mark != 0) offset = co_await turns_.wait(mark, std::move(offset), turn_ms);
  if (offset && message.flags.is_volatile) offset->clear();
  co_return offset;
}

awaitable<result<void>> streams_cluster::ask_clients(io_broadcast message, std::string id) {
  const bool packed = !message.event.attachments.empty();
  fill data = [&message, &id](wire_writer& out) {
    out.object(3).key("packet").object(2).key("type").number(2).key("data").payload(message.event);
    out.key("requestId").text(id).key("opts").options(message.whom, message.flags);
  };
  auto told = co_await ask(bus_type::broadcast, message.space, packed, std::move(data));
  co_return told;
}

awaitable<result<void>> streams_cluster::change(bus_type type, std::string space,
                                                room_selection whom,
                                                std::vector<std::string> rooms) {
  fill data = [&](wire_writer& out) {
    out.object(2).key("opts").options(whom, io_flags{}).key("rooms").texts(rooms);
  };
  auto told = co_await tell(type, std::move(space), false, std::move(data));
  if (!told) co_return told.error();
  co_return result<void>();
}

awaitable<result<void>> streams_cluster::disconnect(std::string space, room_selection whom,
                                                    bool close) {
  fill data = [&](wire_writer& out) {
    out.object(2).key("opts").options(whom, io_flags{}).key("close").boolean(close);
  };
  auto told = co_await tell(bus_type::disconnect, std::move(space), false, std::move(data));
  if (!told) co_return told.error();
  co_return result<void>();
}

awaitable<result<awaited_nodes>> streams_cluster::others(std::string space) {
  awaited_nodes out;
  if (settings_.questions_in_stream) {
    out.by_name = true;
    out.names = live_.names(space);
    co_return out;
  }
  auto listeners = co_await listeners_of(public_channel(space));
  if (!listeners) co_return listeners.error();
  const std::size_t own = serves(space) ? 1 : 0;
  out.count = *listeners - std::min(*listeners, own);
  co_return out;
}

awaitable<result<void>> streams_cluster::ask_sockets(std::string space, room_selection whom,
                                                     std::string id) {
  fill data = [&](wire_writer& out) {
    out.object(2).key("opts").options(whom, io_flags{}).key("requestId").text(id);
  };
  auto told = co_await ask(bus_type::fetch, std::move(space), false, std::move(data));
  co_return told;
}

awaitable<result<void>> streams_cluster::ask_servers(std::string space, io_payload event,
                                                     std::string id) {
  const bool packed = !event.attachments.empty();
  fill data = [&](wire_writer& out) {
    out.object(id.empty() ? 1 : 2).key("packet").payload(event);
    if (!id.empty()) out.key("requestId").text(id);
  };
  auto told = co_await ask(bus_type::server_emit, std::move(space), packed, std::move(data));
  co_return told;
}

awaitable<result<std::vector<io_broadcast>>> streams_cluster::since(std::string space,
                                                                    std::string offset) {
  std::vector<io_broadcast> out;
  for (int n = 0; out.empty() && n < pages_max; ++n) {
    auto page = co_await bus_->since(offset);
    if (!page) co_return page.error();
    if (page->empty()) break;
    offset = page->back().offset;
    for (const auto& entry : *page) {
      if (entry.space != space || entry.type != bus_type::broadcast) continue;
      auto heard = heard_of(entry);
      auto found = heard ? broadcast_of(*heard) : std::nullopt;
      if (found && !found->offset.empty()) out.push_back(std::move(*found));
    }
  }
  co_return out;
}

awaitable<result<void>> streams_cluster::keep_session(kept_session session, std::int64_t ms) {
  auto text = write_session(session);
  auto kept = co_await bus_->keep_session(session.pid, std::move(text), ms);
  co_return kept;
}

awaitable<result<kept_session>> streams_cluster::take_session(std::string pid) {
  auto text = co_await bus_->take_session(std::move(pid));
  if (!text) co_return text.error();
  auto session = read_session(*text);
  if (!session) co_return no_such_session();
  co_return std::move(*session);
}

result<std::unique_ptr<cluster>> make_streams_cluster(net::redis_client& redis,
                                                      const clock_port& clock,
                                                      streams_cluster_settings settings) {
  auto made = std::make_unique<streams_cluster>(redis, clock, std::move(settings));
  if (auto ok = made->begin(); !ok) return ok.error();
  return std::unique_ptr<cluster>(std::move(made));
}

}  // namespace son1k::realtime
