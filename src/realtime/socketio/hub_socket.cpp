#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.hpp"
#include "realtime/socketio/hub.hpp"

namespace son1k::realtime {
namespace {

constexpr std::int64_t window_ms = 4'000;

error too_many(const char* field, std::size_t most) {
  return {errc::unavailable,
          field,
          {fmt::format("there are too many already, at most {}", most),
           fmt::format("ya hay demasiados, como mucho {}", most)}};
}

error gone() {
  return {errc::cancelled, "socket", {"the client is gone", "el cliente se fue"}};
}

error no_answer() {
  return {errc::timeout,
          "ack",
          {"the client did not answer in time", "el cliente no contestó a tiempo"}};
}

// The first answer counts.
class ack_target final : public io_ack::target {
 public:
  ack_target(std::shared_ptr<hub_socket> socket, std::uint64_t id)
      : socket_(std::move(socket)), id_(id) {}

  void answer(io_payload with) override {
    if (given_.exchange(true)) return;
    if (on_shard::is(socket_->shard())) return socket_->answer(id_, with);
    auto send = [socket = socket_, id = id_, with = std::move(with)] { socket->answer(id, with); };
    boost::asio::dispatch(socket_->executor(), std::move(send));
  }

 private:
  const std::shared_ptr<hub_socket> socket_;
  const std::uint64_t id_;
  std::atomic<bool> given_{false};
};

}  // namespace

hub_socket::hub_socket(hub_space& space, std::shared_ptr<hub_connection> connection, std::string id)
    : space_(space), id_(std::move(id)), connection_(std::move(connection)) {}

const std::string& hub_socket::space() const {
  return space_.name();
}

hub_shard& hub_socket::shard() const {
  return connection_->shard();
}

boost::asio::any_io_executor hub_socket::executor() const {
  return shard().executor;
}

const io_handshake& hub_socket::handshake() const {
  return *connection_->handshake();
}

std::vector<std::string> hub_socket::rooms() const {
  if (!entered_) return {};
  return shard().table(space_).rooms_of(*this);
}

bool hub_socket::in(std::string_view room) const {
  return entered_ && shard().table(space_).in(*this, room);
}

result<void> hub_socket::join(const std::string& room) {
  const auto& settings = space_.hub.settings;
  if (!entered_) return gone();
  if (room.empty() || room.size() > settings.room_bytes_max)
    return error(errc::validation, "room",
                 {fmt::format("must have 1 to {} bytes", settings.room_bytes_max),
                  fmt::format("debe tener de 1 a {} bytes", settings.room_bytes_max)});
  auto& table = shard().table(space_);
  if (table.in(*this, room)) return {};
  if (room_member::rooms() >= settings.rooms_per_socket_max)
    return too_many("rooms of the socket", settings.rooms_per_socket_max);
  const bool is_new = !table.has_room(room);
  if (is_new && space_.hub.rooms_made.fetch_add(1) >= settings.rooms_max) {
    space_.hub.rooms_made.fetch_sub(1);
    return too_many("rooms", settings.rooms_max);
  }
  table.join(*this, room);
  return {};
}

void hub_socket::leave(std::string_view room) {
  if (!entered_) return;
  auto& table = shard().table(space_);
  const auto before = table.rooms();
  table.leave(*this, room);
  space_.hub.rooms_made.fetch_sub(before - table.rooms());
}

void hub_socket::emit(io_payload event, io_urgency how) {
  if (!connected_) return;
  io_emission::options options;
  options.local = !space_.hub.recovers() || how.how == urgency::volatile_;
  options.how = std::move(how);
  space_.send_from({{id_}, {}}, std::move(event), std::move(options), &shard());
}

void hub_socket::emit_with_ack(io_payload event, std::int64_t ms, answered done) {
  if (!connected_) return done(gone());
  if (!room_for_ack()) return done(too_many("acks", space_.hub.settings.acks_per_socket_max));
  if (const char* fault = fault_of(event); fault != nullptr)
    return done(error(errc::validation, "event", {fault}));
  const auto id = space_.next_ack_.fetch_add(1);
  busy().acks.push_back({id, std::move(done), nullptr});
  io_encoding how;
  how.ack_id = id;
  shard().drain();
  send_now(encode_event(space_.name(), event, how));
  shard().after(ms, [weak = weak_from_this(), id] {
    const auto self = std::static_pointer_cast<hub_socket>(weak.lock());
    if (!self || !self->activity_) return;
    auto& acks = self->activity_->acks;
    const auto found = std::ranges::find(acks, id, &waiting_ack::id);
    if (found == acks.end()) return;
    const auto late = std::move(found->done);
    acks.erase(found);
    late(no_answer());
  });
}

void hub_socket::disconnect(bool close) {
  if (!connected_) return;
  const auto self = shared_from_this();
  shard().drain();
  if (close) return connection_->disconnect();
  connection_->send(encode_plain('1', space_.name(), {}));
  end("server namespace disconnect");
}

std::size_t hub_socket::deliver(const delivery& what) {
  const bool recorded = what.at != io_offset{};
  if (recorded && what.at <= floor_) return 0;
  if (held_) {
    if (what.is_volatile) return 0;
    held_->bytes += what.parts.front()->frame().size();
    held_->too_much = held_->too_much || held_->bytes > space_.hub.settings.kept_bytes_max ||
                      held_->events.size() >= space_.hub.settings.kept_events_max;
    if (!held_->too_much) held_->events.push_back(what);
    return 1;
  }
  if (what.is_volatile && !connection_->ready()) {
    ++shard().dropped;
    return 0;
  }
  send_now(what.parts);
  return 1;
}

void hub_socket::send_now(const io_parts& parts) {
  for (const auto& each : parts) connection_->send(each);
}

hub_socket::activity& hub_socket::busy() {
  if (!activity_) activity_ = std::make_unique<activity>();
  return *activity_;
}

bool hub_socket::room_for_ack() {
  auto& acks = busy().acks;
  const auto most = space_.hub.settings.acks_per_socket_max;
  if (acks.size() < most) return true;
  std::erase_if(acks, [](const auto& each) { return each.ask && each.ask->over(); });
  return acks.size() < most;
}

bool hub_socket::ask(std::uint64_t id, const std::shared_ptr<hub_ask>& whom) {
  if (held_ || !connection_->open() || !room_for_ack()) return false;
  busy().acks.push_back({id, {}, whom});
  return true;
}

void hub_socket::on_ack(std::uint64_t id, io_payload answer) {
  if (!activity_) return;
  auto& acks = activity_->acks;
  const auto found = std::ranges::find(acks, id, &waiting_ack::id);
  if (found == acks.end()) return;
  const auto got = std::move(*found);
  acks.erase(found);
  if (got.ask)
    got.ask->answered(std::move(answer));
  else
    got.done(std::move(answer));
}

void hub_socket::forget_acks() {
  if (!activity_) return;
  const auto acks = std::move(activity_->acks);
  activity_->acks.clear();
  activity_->waiting.clear();
  for (const auto& each : acks) {
    if (each.ask)
      each.ask->lost();
    else
      each.done(gone());
  }
}

bool hub_socket::too_many_events() {
  const auto most = space_.hub.settings.events_per_second_max;
  if (most == 0) return false;
  auto& mine = busy();
  const auto all = most * window_ms / 1'000;
  if (mine.events > 0 && ++mine.events <= all) return false;
  // The time matters only where a window begins and where one is full.
  const auto now = space_.hub.clock.steady_ms();
  if (mine.events > 0 && now - mine.window_ms < window_ms) return true;
  mine.window_ms = now;
  mine.events = 1;
  return false;
}

void hub_socket::on_event(boost::json::value data, std::vector<std::string> attachments,
                          std::optional<std::uint64_t> ack_id) {
  ++shard().events_in;
  const bool full =
      activity_ && activity_->waiting.size() >= space_.hub.settings.waiting_per_socket_max;
  if (full || too_many_events()) {
    space_.hub.cut.fetch_add(1, std::memory_order_relaxed);
    log::warn("socketio.flood", {{"socket", id_}});
    return connection_->close(close_reason::forced);
  }
  call made;
  auto& list = data.get_array();
  const auto& name = list.front();
  made.name = name.is_string() ? std::string(name.get_string()) : boost::json::serialize(name);
  list.erase(list.begin());
  made.args = std::move(list);
  made.attachments = std::move(attachments);
  made.ack_id = ack_id;
  if (activity_ && !activity_->waiting.empty())
    activity_->waiting.push_back(std::move(made));
  else
    run(std::move(made));
}

void hub_socket::run(call what) {
  const auto* entry = space_.handler_of(what.name);
  if (entry == nullptr && !space_.any_) return;
  if (entry != nullptr && entry->async) {
    auto& mine = busy();
    if (mine.running >= space_.hub.settings.handlers_per_socket_max)
      return mine.waiting.push_back(std::move(what));
    ++mine.running;
  }
  const auto self = shared_from_this();
  auto ack = ack_for(what.ack_id);
  io_event event{std::move(what.name), std::move(what.args), std::move(what.attachments)};
  if (entry == nullptr || !entry->async) {
    try {
      (entry != nullptr ? entry->plain : space_.any_)(self, event, ack);
    } catch (const std::exception& fault) {
      log::error("socketio.handler.escaped", {{"name", event.name}, {"what", fault.what()}});
    }
    return;
  }
  std::function<void()> ended = [mine = std::static_pointer_cast<hub_socket>(self)] {
    --mine->busy().running;
    mine->run_waiting();
  };
  const auto name = "socketio." + event.name;
  space_.hub.start(shard().executor, name, entry->async(self, std::move(event), std::move(ack)),
                   std::move(ended));
}

void hub_socket::run_waiting() {
  auto& mine = busy();
  const auto most = space_.hub.settings.handlers_per_socket_max;
  while (connected_ && !mine.waiting.empty() && mine.running < most) {
    auto next = std::move(mine.waiting.front());
    mine.waiting.pop_front();
    run(std::move(next));
  }
}

io_ack hub_socket::ack_for(std::optional<std::uint64_t> ack_id) {
  if (!ack_id) return {};
  auto self = std::static_pointer_cast<hub_socket>(shared_from_this());
  return io_ack(std::make_shared<ack_target>(std::move(self), *ack_id));
}

void hub_socket::answer(std::uint64_t ack_id, const io_payload& with) {
  if (!connected_) return;
  shard().drain();
  send_now(encode_ack(space_.name(), ack_id, with));
}

void hub_socket::end(std::string_view reason) {
  if (!entered_) return;
  const auto self = shared_from_this();
  connected_ = false;
  if (announced_ && space_.disconnected_) {
    announced_ = false;
    try {
      space_.disconnected_(self, reason);
    } catch (const std::exception& fault) {
      log::error("socketio.handler.escaped", {{"name", "disconnect"}, {"what", fault.what()}});
    }
  }
  entered_ = false;
  auto& table = shard().table(space_);
  const auto before = table.rooms();
  table.remove(*this);
  space_.hub.rooms_made.fetch_sub(before - table.rooms());
  space_.hub.sockets.fetch_sub(1);
  held_.reset();
  connection_->forget(*this);
  forget_acks();
}

kept_session hub_socket::keep() const {
  return {id_, pid_, rooms(), data_};
}

remote_socket hub_socket::describe() const {
  boost::json::object facts;
  facts["address"] = handshake().remote_address;
  facts["secure"] = handshake().secure;
  facts["issued"] = handshake().at_ms;
  return {id_, rooms(), std::move(facts), data_};
}

}  // namespace son1k::realtime
