#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/log.hpp"
#include "realtime/socketio/hub.hpp"

namespace son1k::realtime {
namespace {

using boost::asio::awaitable;

// More broadcasts on their way to the cluster are not recorded.
constexpr std::size_t publishing_max = 10'000;

// Answers of several shards, until the last is there.
template <class Each>
struct gathering {
  gathering(std::size_t parts, std::function<void(std::vector<Each>)> d)
      : left(parts), done(std::move(d)) {}
  void add(std::vector<Each> more) {
    std::unique_lock lock(mutex);
    std::ranges::move(more, std::back_inserter(all));
    if (--left > 0) return;
    lock.unlock();
    done(std::move(all));
  }
  std::mutex mutex;
  std::size_t left;
  std::vector<Each> all;
  const std::function<void(std::vector<Each>)> done;
};

// What ask() waits for: the sockets here and those elsewhere.
struct collected {
  explicit collected(std::size_t p) : parts(p) {}
  void asked(std::size_t sockets) {
    const std::lock_guard lock(mutex);
    out.asked += sockets;
  }
  void answered(io_payload answer) {
    const std::lock_guard lock(mutex);
    out.answers.push_back(std::move(answer));
  }
  void ended() {
    std::unique_lock lock(mutex);
    if (--parts > 0) return;
    lock.unlock();
    done->fire();
  }
  std::mutex mutex;
  std::size_t parts;
  io_answers out;
  std::optional<error> fault;
  std::shared_ptr<io_signal> done = std::make_shared<io_signal>();
};

awaitable<void> ask_others(cluster* others, io_broadcast message, std::shared_ptr<collected> all,
                           std::int64_t ms) {
  std::function<void(std::size_t)> asked = [all](std::size_t n) { all->asked(n); };
  std::function<void(io_payload)> acked = [all](io_payload p) { all->answered(std::move(p)); };
  auto told = co_await others->broadcast_with_ack(std::move(message), std::move(asked),
                                                  std::move(acked), ms);
  if (!told) {
    const std::lock_guard lock(all->mutex);
    all->fault = told.error();
  }
}

awaitable<void> tell(awaitable<result<void>> others, const char* what) {
  auto told = co_await std::move(others);
  if (!told) log::warn("socketio.cluster", {{"what", what}, {"why", told.error().what()}});
}

}  // namespace

hub_space::hub_space(io_server::state& h, std::string name, std::size_t i)
    : hub(h), index(i), name_(std::move(name)) {}

boost::asio::any_io_executor hub_space::executor() const {
  return hub.shards.front()->executor;
}

const hub_space::entry* hub_space::handler_of(const std::string& name) const {
  const auto found = handlers_.find(name);
  return found == handlers_.end() ? nullptr : &found->second;
}

void hub_space::deliver(const room_selection& whom, const io_payload& event, const io_urgency& how,
                        const std::string& offset, hub_shard* only) {
  struct message {
    delivery what;
    room_selection whom;
  };
  auto out = std::make_shared<message>();
  out->whom = whom;
  out->what.is_volatile = how.how == urgency::volatile_;
  io_encoding encoding;
  encoding.how = how;
  encoding.offset = offset;
  // A client takes a text at the end for an offset: the true one covers it.
  if (offset.empty() && hub.recovers() && ends_with_text(event)) encoding.offset = hub.last_offset;
  out->what.parts = encode_event(name_, event, encoding);
  if (const auto at = read_offset(offset); at) {
    out->what.at = *at;
    if (hub.last_at < *at) {
      hub.last_at = *at;
      hub.last_offset = offset;
    }
  }
  const order deliver_here = [this, out = std::move(out)](hub_shard& shard) {
    std::uint64_t sent = 0;
    shard.table(*this).each(out->whom, [&](room_member& member) {
      sent += static_cast<hub_socket&>(member).deliver(out->what);
    });
    shard.events_out += sent;
  };
  if (only != nullptr) return only->give_event(deliver_here);
  for (const auto& shard : hub.shards) shard->give_event(deliver_here);
}

void hub_space::send(room_selection whom, io_payload event, io_emission::options options) {
  send_from(std::move(whom), std::move(event), std::move(options), nullptr);
}

void hub_space::send_from(room_selection whom, io_payload event, io_emission::options options,
                          hub_shard* only) {
  if (hub.stopped) return;
  if (const char* fault = fault_of(event); fault != nullptr)
    return log::error("socketio.emit", {{"why", fault}, {"space", name_}});
  hub.broadcasts.fetch_add(1, std::memory_order_relaxed);
  const bool is_volatile = options.how.how == urgency::volatile_;
  std::unique_lock lock(hub.order_mutex);
  if (hub.shared == nullptr || options.local) return deliver(whom, event, options.how, {}, only);
  io_broadcast message;
  message.space = name_;
  message.event = std::move(event);
  message.whom = std::move(whom);
  message.flags.is_volatile = is_volatile;
  if (options.how.how == urgency::latest) message.flags.latest = options.how.key;
  if (auto offset = hub.shared->broadcast_at_once(message); offset) {
    if (is_volatile || !hub.recovers()) offset->clear();
    return deliver(message.whom, message.event, options.how, *offset, only);
  }
  if (hub.publishing >= publishing_max) {
    hub.not_recorded.fetch_add(1, std::memory_order_relaxed);
    hub.note_loss();
    return deliver(message.whom, message.event, options.how, {}, only);
  }
  lock.unlock();
  hub.publishing.fetch_add(1);
  hub.start(hub.shards.front()->executor, "socketio.broadcast",
            hub.publish(*this, std::move(message), std::move(options.how), only));
}

awaitable<void> io_server::state::publish(hub_space& space, io_broadcast message, io_urgency how,
                                          hub_shard* only) {
  io_turn deliver = [&](const std::string& offset) {
    const std::lock_guard lock(order_mutex);
    const bool records = recovers() && !message.flags.is_volatile;
    space.deliver(message.whom, message.event, how, records ? offset : std::string(), only);
  };
  auto told = co_await shared->broadcast(message, std::move(deliver));
  publishing.fetch_sub(1);
  if (told) co_return;
  not_recorded.fetch_add(1, std::memory_order_relaxed);
  warn("broadcast", told.error());
  const std::lock_guard lock(order_mutex);
  note_loss();
  space.deliver(message.whom, message.event, how, {}, only);
}

void hub_space::ask_here(const room_selection& whom, const io_payload& event,
                         const std::shared_ptr<hub_ask>& ask, std::int64_t ms) {
  io_encoding how;
  const auto id = next_ack_.fetch_add(1);
  how.ack_id = id;
  const auto parts = encode_event(name_, event, how);
  const order ask_sockets = [this, whom, parts, ask, id](hub_shard& shard) {
    std::size_t asked = 0;
    shard.table(*this).each(whom, [&](room_member& member) {
      auto& socket = static_cast<hub_socket&>(member);
      if (!socket.ask(id, ask)) return;
      ++asked;
      socket.send_now(parts);
    });
    shard.events_out += asked;
    ask->asked(asked);
  };
  for (const auto& shard : hub.shards) shard->give(ask_sockets);
  hub.shards.front()->give([ask, ms](hub_shard& shard) {
    if (!ask->over()) shard.after(ms, [ask] { ask->give_up(); });
  });
}

awaitable<result<io_answers>> hub_space::send_with_ack(room_selection whom, io_payload event,
                                                       io_emission::options options,
                                                       std::int64_t ms) {
  const auto alive = hub.shared_from_this();
  if (const char* fault = fault_of(event); fault != nullptr)
    co_return error(errc::validation, "event", {fault});
  if (hub.stopped)
    co_return error(errc::unavailable, {"the server stops", "el servidor se detiene"});
  hub.broadcasts.fetch_add(1, std::memory_order_relaxed);
  const bool elsewhere = hub.shared != nullptr && !options.local;
  auto all = std::make_shared<collected>(elsewhere ? 2 : 1);
  auto ask = std::make_shared<hub_ask>(
      hub.shards.size(), [all](std::size_t n) { all->asked(n); },
      [all](io_payload answer) { all->answered(std::move(answer)); }, [all] { all->ended(); });
  ask_here(whom, event, ask, ms);
  if (elsewhere) {
    io_broadcast message;
    message.space = name_;
    message.event = std::move(event);
    message.whom = std::move(whom);
    std::function<void()> ended = [all] { all->ended(); };
    auto work = ask_others(hub.shared, std::move(message), all, ms);
    hub.start(hub.shards.front()->executor, "socketio.ask", std::move(work), std::move(ended));
  }
  co_await io_signal::wait(all->done);
  const std::lock_guard lock(all->mutex);
  if (all->fault) co_return *all->fault;
  co_return std::move(all->out);
}

void hub_space::join_here(const room_selection& whom, const std::vector<std::string>& rooms) {
  const order join = [this, whom, rooms](hub_shard& shard) {
    std::vector<hub_socket*> all;
    shard.table(*this).each(
        whom, [&](room_member& each) { all.push_back(static_cast<hub_socket*>(&each)); });
    for (auto* each : all)
      for (const auto& room : rooms)
        if (auto joined = each->join(room); !joined)
          log::warn("socketio.room", {{"room", room}, {"why", joined.error().what()}});
  };
  for (const auto& shard : hub.shards) shard->give(join);
}

void hub_space::leave_here(const room_selection& whom, const std::vector<std::string>& rooms) {
  const order leave = [this, whom, rooms](hub_shard& shard) {
    std::vector<hub_socket*> all;
    shard.table(*this).each(
        whom, [&](room_member& each) { all.push_back(static_cast<hub_socket*>(&each)); });
    for (auto* each : all)
      for (const auto& room : rooms) each->leave(room);
  };
  for (const auto& shard : hub.shards) shard->give(leave);
}

void hub_space::disconnect_here(const room_selection& whom, bool close) {
  const order disconnect = [this, whom, close](hub_shard& shard) {
    std::vector<std::shared_ptr<io_socket>> all;
    shard.table(*this).each(whom, [&](room_member& each) {
      all.push_back(static_cast<hub_socket&>(each).shared_from_this());
    });
    for (const auto& each : all) each->disconnect(close);
  };
  for (const auto& shard : hub.shards) shard->give(disconnect);
}

void hub_space::fetch_here(const room_selection& whom,
                           std::function<void(std::vector<remote_socket>)> reply) {
  auto all = std::make_shared<gathering<remote_socket>>(hub.shards.size(), std::move(reply));
  const order look = [this, whom, all](hub_shard& shard) {
    std::vector<remote_socket> here;
    shard.table(*this).each(whom, [&](room_member& each) {
      here.push_back(static_cast<hub_socket&>(each).describe());
    });
    all->add(std::move(here));
  };
  for (const auto& shard : hub.shards) shard->give(look);
}

void hub_space::join_all(room_selection whom, std::vector<std::string> rooms) {
  join_here(whom, rooms);
  if (hub.shared == nullptr || hub.stopped) return;
  hub.start(hub.shards.front()->executor, "socketio.join",
            tell(hub.shared->join(name_, std::move(whom), std::move(rooms)), "join"));
}

void hub_space::leave_all(room_selection whom, std::vector<std::string> rooms) {
  leave_here(whom, rooms);
  if (hub.shared == nullptr || hub.stopped) return;
  hub.start(hub.shards.front()->executor, "socketio.leave",
            tell(hub.shared->leave(name_, std::move(whom), std::move(rooms)), "leave"));
}

void hub_space::disconnect_all(room_selection whom, bool close) {
  disconnect_here(whom, close);
  if (hub.shared == nullptr || hub.stopped) return;
  hub.start(hub.shards.front()->executor, "socketio.disconnect",
            tell(hub.shared->disconnect(name_, std::move(whom), close), "disconnect"));
}

awaitable<result<std::vector<remote_socket>>> hub_space::fetch(room_selection whom) {
  const auto alive = hub.shared_from_this();
  auto here = std::make_shared<std::vector<remote_socket>>();
  auto done = std::make_shared<io_signal>();
  std::function<void(std::vector<remote_socket>)> reply = [here, done](auto sockets) {
    *here = std::move(sockets);
    done->fire();
  };
  fetch_here(whom, std::move(reply));
  co_await io_signal::wait(done);
  if (hub.shared == nullptr) co_return std::move(*here);
  auto others = co_await hub.shared->fetch(name_, std::move(whom));
  if (!others) co_return others.error();
  std::ranges::move(*others, std::back_inserter(*here));
  co_return std::move(*here);
}

void hub_space::server_emit(io_payload event) {
  if (hub.shared == nullptr || hub.stopped) return;
  auto work = [](cluster* shared, std::string name, io_payload what) -> awaitable<void> {
    auto told = co_await shared->server_emit(std::move(name), std::move(what), 0);
    if (!told) log::warn("socketio.server_emit", {{"why", told.error().what()}});
  };
  hub.start(hub.shards.front()->executor, "socketio.server_emit",
            work(hub.shared, name_, std::move(event)));
}

awaitable<result<std::vector<io_payload>>> hub_space::server_ask(io_payload event,
                                                                 std::int64_t ms) {
  if (hub.shared == nullptr) co_return std::vector<io_payload>();
  auto answers = co_await hub.shared->server_emit(name_, std::move(event), ms);
  co_return answers;
}

void hub_space::on_server_emit(const io_payload& event, std::function<void(io_payload)> reply) {
  const auto found = server_handlers_.find(std::string(name_in(event)));
  if (found == server_handlers_.end()) return;
  boost::json::error_code broken;
  auto parsed = boost::json::parse(event.json, broken);
  if (broken || !parsed.is_array()) return;
  io_event out;
  out.name = found->first;
  out.args = std::move(parsed.get_array());
  out.args.erase(out.args.begin());
  out.attachments = event.attachments;
  found->second(std::move(out), std::move(reply));
}

}  // namespace son1k::realtime
