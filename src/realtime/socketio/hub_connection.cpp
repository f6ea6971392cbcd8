#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/log.hpp"
#include "realtime/socketio/hub.hpp"

namespace son1k::realtime {
namespace {

// Whose sockets may come back: it was nobody's wish that they went.
bool is_recoverable(close_reason why) {
  switch (why) {
    case close_reason::transport_close:
    case close_reason::transport_error:
    case close_reason::ping_timeout:
    case close_reason::too_slow:
    case close_reason::server_stops:
      return true;
    case close_reason::forced:
    case close_reason::parse_error:
      return false;
  }
  return false;
}

// Takes what recovery put among the credentials out of them.
std::string take_text(boost::json::value& auth, std::string_view name) {
  auto& object = auth.get_object();
  const auto found = object.find(name);
  if (found == object.end() || !found->value().is_string()) return {};
  std::string out(found->value().get_string());
  object.erase(found);
  return out;
}

boost::asio::awaitable<io_verdict> ask_application(const io_space::admission& admission,
                                                   io_request request) {
  if (!admission) co_return io_verdict::accept();
  try {
    auto verdict = co_await admission(std::move(request));
    co_return verdict;
  } catch (const std::exception& fault) {
    log::error("socketio.admission.escaped", {{"what", fault.what()}});
  }
  co_return io_verdict::refuse("Internal error");
}

}  // namespace

hub_connection::hub_connection(hub_shard& shard, engine_connection& engine,
                               std::shared_ptr<const io_handshake> handshake)
    : shard_(shard),
      engine_(&engine),
      handshake_(std::move(handshake)),
      protocol_(shard.hub.settings.spaces_per_connection_max),
      connect_by_(shard.hub.clock.steady_ms() + shard.hub.settings.connect_ms_max) {}

void hub_connection::send(const outgoing_ptr& message) {
  if (open()) engine_->send(message);
}

void hub_connection::close(close_reason why) {
  if (!open()) return;
  closing_ = true;
  engine_->close(why);
}

void hub_connection::on_close(close_reason why) {
  const on_shard here(shard_);
  const auto self = shared_from_this();
  engine_ = nullptr;
  shard_.drain();
  shard_.remove(*this);
  const auto sockets = sockets_;
  for (const auto& each : sockets) {
    if (is_recoverable(why) && !each->pid_.empty()) shard_.hub.keep(each->keep(), shard_.executor);
    each->end(name_of(why));
  }
  shard_.hub.end_work();
}

void hub_connection::disconnect() {
  const auto self = shared_from_this();
  const auto sockets = sockets_;
  for (const auto& each : sockets) {
    send(encode_plain('1', each->space(), {}));
    each->end("server namespace disconnect");
  }
  close(close_reason::forced);
}

void hub_connection::forget(hub_socket& socket) {
  protocol_.left(socket.space());
  std::erase_if(sockets_, [&](const auto& each) { return each.get() == &socket; });
}

void hub_connection::look_at(std::int64_t steady_ms) {
  if (connect_by_ == 0 || steady_ms < connect_by_) return;
  connect_by_ = 0;
  close(close_reason::forced);
}

void hub_connection::take(sio_step step) {
  if (!open()) return;
  const auto self = shared_from_this();
  switch (step.what) {
    case sio_step::kind::nothing:
      return;
    case sio_step::kind::broken:
      shard_.hub.broken.fetch_add(1, std::memory_order_relaxed);
      log::debug("socketio.broken", {{"why", step.why}});
      return close(close_reason::parse_error);
    case sio_step::kind::connect:
      return on_connect(std::move(step.space), std::move(step.data));
    default:
      break;
  }
  const auto found =
      std::ranges::find_if(sockets_, [&](const auto& each) { return each->space() == step.space; });
  if (found == sockets_.end()) return;
  const auto socket = *found;
  if (step.what == sio_step::kind::disconnect) return socket->end("client namespace disconnect");
  if (step.what == sio_step::kind::event)
    return socket->on_event(std::move(step.data), std::move(step.attachments), step.ack_id);
  socket->on_ack(*step.ack_id, {boost::json::serialize(step.data), std::move(step.attachments)});
}

void hub_connection::on_connect(std::string name, boost::json::value auth) {
  auto& hub = shard_.hub;
  if (auth.is_null()) auth = boost::json::object();
  auto* space = hub.find(name);
  if (space == nullptr) return refuse(name, "Invalid namespace", {});
  const bool returns = hub.recovers() && auth.get_object().contains("pid");
  if (!returns && !space->admission_) {
    io_verdict everybody;
    return begin(*space, std::move(everybody));
  }
  hub.start(shard_.executor, "socketio.connect",
            admit(shared_from_this(), *space, std::move(auth)));
}

boost::asio::awaitable<void> hub_connection::admit(std::shared_ptr<hub_connection> self,
                                                   hub_space& space, boost::json::value auth) {
  auto& hub = self->shard_.hub;
  io_request request;
  request.space = space.name();
  request.handshake = self->handshake_;
  std::string offset;
  const bool returns = hub.recovers() && auth.get_object().contains("pid");
  if (returns) {
    const auto pid = take_text(auth, "pid");
    offset = take_text(auth, "offset");
    auto from = hub.resume_at(pid, offset);
    if (from && hub.is_pid_of(space, pid)) {
      offset = std::move(*from);
      request.kept = co_await hub.take(space.name(), pid);
    }
  }
  request.auth = std::move(auth);
  auto kept = request.kept;
  auto verdict = co_await ask_application(space.admission_, std::move(request));
  if (kept && (!self->open() || !verdict.accepted))
    hub.keep(std::move(*kept), self->shard_.executor);
  if (!self->open()) co_return;
  if (!verdict.accepted) {
    self->refuse(space.name(), verdict.message, verdict.data);
    co_return;
  }
  if (kept && verdict.recover) {
    if (verdict.data.is_null()) verdict.data = kept->data;
    const bool is_back = co_await come_back(self, space, *kept, offset, verdict);
    if (is_back || !self->open()) co_return;
  }
  if (returns) hub.not_recovered.fetch_add(1, std::memory_order_relaxed);
  self->begin(space, std::move(verdict));
}

boost::asio::awaitable<bool> hub_connection::come_back(std::shared_ptr<hub_connection> self,
                                                       hub_space& space, kept_session kept,
                                                       std::string offset, io_verdict verdict) {
  auto& hub = self->shard_.hub;
  auto all = verdict.rooms;
  all.insert(all.end(), kept.rooms.begin(), kept.rooms.end());
  verdict.rooms = std::move(all);
  const auto socket = self->enter(space, kept.sid, verdict);
  if (!socket) co_return false;
  socket->pid_ = kept.pid;
  socket->held_ = std::make_unique<hub_socket::held>();
  auto missed = co_await hub.missed_by(space, kept, offset);
  // The connection ended meanwhile, and with it the socket.
  if (!socket->entered_) co_return true;
  self->shard_.drain();
  const auto held = std::move(socket->held_);
  if (!missed || held->too_much) {
    socket->pid_.clear();
    socket->end({});
    co_return false;
  }
  for (const auto& each : missed->events) socket->send_now(each);
  socket->recovered_ = true;
  self->welcome(socket);
  socket->floor_ = missed->last;
  for (const auto& each : held->events) socket->deliver(each);
  hub.recovered.fetch_add(1, std::memory_order_relaxed);
  self->tell_application(socket);
  co_return true;
}

void hub_connection::refuse(const std::string& space, const std::string& message,
                            const boost::json::value& data) {
  boost::json::object reply;
  reply["message"] = message;
  if (!data.is_null()) reply["data"] = data;
  protocol_.left(space);
  shard_.hub.refused.fetch_add(1, std::memory_order_relaxed);
  send(encode_plain('4', space, boost::json::serialize(reply)));
}

std::shared_ptr<hub_socket> hub_connection::enter(hub_space& space, std::string id,
                                                  io_verdict& verdict) {
  auto& hub = shard_.hub;
  auto socket = std::make_shared<hub_socket>(space, shared_from_this(), std::move(id));
  if (hub.recovers()) socket->pid_ = hub.new_pid(space, socket->id());
  shard_.drain();
  if (!shard_.table(space).add(*socket, socket->id())) return nullptr;
  socket->entered_ = true;
  hub.sockets.fetch_add(1);
  socket->data_ = std::move(verdict.data);
  for (const auto& room : verdict.rooms)
    if (auto joined = socket->join(room); !joined)
      log::warn("socketio.room", {{"room", room}, {"why", joined.error().what()}});
  sockets_.push_back(socket);
  return socket;
}

void hub_connection::begin(hub_space& space, io_verdict verdict) {
  const auto socket = enter(space, new_io_id(), verdict);
  if (!socket) return close(close_reason::forced);
  welcome(socket);
  tell_application(socket);
}

void hub_connection::welcome(const std::shared_ptr<hub_socket>& socket) {
  connect_by_ = 0;
  protocol_.accepted(socket->space());
  socket->connected_ = true;
  std::string reply = R"({"sid":")" + socket->id() + '"';
  if (!socket->pid_.empty()) reply += R"(,"pid":")" + socket->pid_ + '"';
  send(encode_plain('0', socket->space(), reply + "}"));
}

void hub_connection::tell_application(const std::shared_ptr<hub_socket>& socket) {
  socket->announced_ = true;
  const auto* space = shard_.hub.find(socket->space());
  if (!space->connected_) return;
  try {
    space->connected_(socket);
  } catch (const std::exception& fault) {
    log::error("socketio.handler.escaped", {{"name", "connect"}, {"what", fault.what()}});
  }
}

}  // namespace son1k::realtime
