#include "realtime/socketio/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <stdexcept>

#include "base/log.hpp"
#include "base/spawn.hpp"
#include "realtime/socketio/hub.hpp"

namespace son1k::realtime {
namespace {

// The engine owns this; coroutines that answer the client hold the connection itself.
class client_of_engine final : public engine_client {
 public:
  explicit client_of_engine(std::shared_ptr<hub_connection> connection)
      : connection_(std::move(connection)) {}
  void on_text(std::string_view message) override { connection_->on_text(message); }
  void on_binary(std::string_view bytes) override { connection_->on_binary(bytes); }
  void on_close(close_reason why) override { connection_->on_close(why); }

 private:
  const std::shared_ptr<hub_connection> connection_;
};

std::shared_ptr<const io_handshake> copy_of(const engine_handshake& given,
                                            const io_server::state& hub) {
  auto out = std::make_shared<io_handshake>();
  out->remote_address = given.remote_address;
  out->query = given.query;
  out->secure = given.secure;
  out->at_ms = hub.clock.now_ms();
  for (const auto& [name, value] : given.headers) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (std::ranges::find(hub.settings.headers_kept, lower) != hub.settings.headers_kept.end())
      out->headers.emplace_back(std::move(lower), value);
  }
  return out;
}

}  // namespace

std::string_view io_handshake::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& each) { return each.first; });
  return found == headers.end() ? std::string_view() : found->second;
}

boost::asio::awaitable<result<io_payload>> io_socket::ask(io_payload event, std::int64_t ms) {
  auto done = std::make_shared<io_signal>();
  auto got = std::make_shared<std::optional<result<io_payload>>>();
  answered fill = [done, got](result<io_payload> answer) {
    *got = std::move(answer);
    done->fire();
  };
  emit_with_ack(std::move(event), ms, std::move(fill));
  co_await io_signal::wait(done);
  co_return std::move(**got);
}

io_emission& io_emission::to(std::vector<std::string> rooms) {
  std::ranges::move(rooms, std::back_inserter(whom_.rooms));
  return *this;
}

io_emission& io_emission::except(std::vector<std::string> rooms) {
  std::ranges::move(rooms, std::back_inserter(whom_.except));
  return *this;
}

io_emission& io_emission::volatile_() {
  options_.how = {urgency::volatile_, {}};
  return *this;
}

io_emission& io_emission::latest(std::string key) {
  options_.how = {urgency::latest, std::move(key)};
  return *this;
}

io_emission& io_emission::local() {
  options_.local = true;
  return *this;
}

void io_emission::emit(io_payload event) {
  space_->send(whom_, std::move(event), options_);
}

boost::asio::awaitable<result<io_answers>> io_emission::ask(io_payload event, std::int64_t ms) {
  return space_->send_with_ack(whom_, std::move(event), options_, ms);
}

io_server::state::state(std::vector<boost::asio::any_io_executor> reactors, const clock_port& c,
                        io_settings s, cluster* others)
    : clock(c), settings(std::move(s)), shared(others) {
  for (auto& each : reactors) shards.push_back(std::make_unique<hub_shard>(*this, each));
}

hub_space* io_server::state::find(std::string_view name) const {
  const auto found = spaces.find(name);
  return found == spaces.end() ? nullptr : found->second.get();
}

void io_server::state::begin_work() {
  const std::lock_guard lock(work_mutex);
  ++work;
}

void io_server::state::end_work() {
  const std::lock_guard lock(work_mutex);
  if (--work == 0) work_done.notify_all();
}

void io_server::state::start(const boost::asio::any_io_executor& on, std::string name,
                             boost::asio::awaitable<void> task, std::function<void()> ended) {
  begin_work();
  std::function<void()> all = [alive = shared_from_this(), ended = std::move(ended)] {
    if (ended) ended();
    alive->end_work();
  };
  spawn(on, std::move(name), std::move(task), std::move(all));
}

void io_server::state::on_broadcast(const io_broadcast& message) {
  auto* space = find(message.space);
  const std::lock_guard lock(order_mutex);
  io_urgency how;
  if (message.flags.is_volatile) {
    how.how = urgency::volatile_;
  } else if (!message.flags.latest.empty()) {
    how = {urgency::latest, message.flags.latest};
  }
  const bool records = recovers() && !message.flags.is_volatile;
  if (space != nullptr && fault_of(message.event) == nullptr)
    space->deliver(message.whom, message.event, how, records ? message.offset : std::string());
}

void io_server::state::on_broadcast_with_ack(const io_broadcast& message,
                                             std::function<void(std::size_t)> asked,
                                             std::function<void(io_payload)> acked) {
  auto* space = find(message.space);
  if (space == nullptr || fault_of(message.event) != nullptr) return asked(0);
  auto ask = std::make_shared<hub_ask>(shards.size(), std::move(asked), std::move(acked), [] {});
  space->ask_here(message.whom, message.event, ask, settings.emit_ms_max);
}

void io_server::state::on_join(const std::string& space, const room_selection& whom,
                               const std::vector<std::string>& rooms) {
  if (auto* at = find(space); at != nullptr) at->join_here(whom, rooms);
}

void io_server::state::on_leave(const std::string& space, const room_selection& whom,
                                const std::vector<std::string>& rooms) {
  if (auto* at = find(space); at != nullptr) at->leave_here(whom, rooms);
}

void io_server::state::on_disconnect(const std::string& space, const room_selection& whom,
                                     bool close) {
  if (auto* at = find(space); at != nullptr) at->disconnect_here(whom, close);
}

void io_server::state::on_fetch(const std::string& space, const room_selection& whom,
                                std::function<void(std::vector<remote_socket>)> reply) {
  auto* at = find(space);
  if (at == nullptr) return reply({});
  at->fetch_here(whom, std::move(reply));
}

void io_server::state::on_server_emit(const std::string& space, const io_payload& event,
                                      std::function<void(io_payload)> reply) {
  if (is_give_up(event)) return on_give_up(event, std::move(reply));
  if (auto* at = find(space); at != nullptr) at->on_server_emit(event, std::move(reply));
}

// What was lost was lost to the sockets here: they come back as new ones and ask again.
void io_server::state::on_gap() {
  if (!recovers()) return;
  log::warn("socketio.gap", {});
  const std::lock_guard lock(order_mutex);
  note_loss();
  for (const auto& shard : shards)
    shard->give([](hub_shard& here) {
      for (const auto& each : here.connections()) {
        for (const auto& socket : each->sockets()) socket->pid_.clear();
        each->close(close_reason::transport_error);
      }
    });
}

io_server::io_server(std::vector<boost::asio::any_io_executor> reactors, const clock_port& clock,
                     io_settings settings, cluster* shared)
    : state_(std::make_shared<state>(std::move(reactors), clock, std::move(settings), shared)) {}

io_server::~io_server() {
  stop();
}

io_space& io_server::of(const std::string& name) {
  auto& spaces = state_->spaces;
  if (auto found = spaces.find(name); found != spaces.end()) return *found->second;
  if (name.empty() || name.front() != '/' || name.find(',') != std::string::npos)
    throw std::invalid_argument("a namespace begins with / and has no comma");
  auto made = std::make_unique<hub_space>(*state_, name, spaces.size());
  return *spaces.emplace(name, std::move(made)).first->second;
}

void io_server::start() {
  of("/");
  if (state_->shared == nullptr) return;
  state_->shared->attach(state_.get());
  const std::lock_guard lock(state_->order_mutex);
  if (!state_->last_offset.empty()) return;
  state_->last_offset = state_->shared->last_offset();
  state_->last_at = read_offset(state_->last_offset).value_or(io_offset{});
}

void io_server::stop() {
  if (state_->stopped.exchange(true)) return;
  for (const auto& shard : state_->shards) shard->give([](hub_shard& here) { here.stop(); });
  {
    std::unique_lock lock(state_->work_mutex);
    const std::chrono::milliseconds most(state_->settings.stop_ms_max);
    if (!state_->work_done.wait_for(lock, most, [this] { return state_->work == 0; }))
      log::warn("socketio.stop", {{"left", std::to_string(state_->work)}});
  }
  if (state_->shared != nullptr) state_->shared->attach(nullptr);
}

std::unique_ptr<engine_client> io_server::accept(engine_connection& connection,
                                                 const engine_handshake& handshake) {
  auto& shard = *state_->shards.at(connection.reactor());
  auto made = std::make_shared<hub_connection>(shard, connection, copy_of(handshake, *state_));
  state_->begin_work();
  shard.add(*made);
  if (state_->stopped)
    made->close(close_reason::server_stops);
  else
    shard.watch_connects();
  return std::make_unique<client_of_engine>(std::move(made));
}

cluster_peer& io_server::peer() {
  return *state_;
}

void io_server::tick() {
  for (const auto& shard : state_->shards) shard->give([](hub_shard& here) { here.tick(); });
}

io_figures io_server::figures() const {
  io_figures out;
  const auto& from = *state_;
  out.connections = from.connections;
  out.sockets = from.sockets;
  out.rooms = from.rooms_made;
  out.broadcasts = from.broadcasts;
  out.cut = from.cut;
  out.refused = from.refused;
  out.broken = from.broken;
  out.recovered = from.recovered;
  out.not_recovered = from.not_recovered;
  out.not_recorded = from.not_recorded;
  for (const auto& shard : from.shards) {
    out.events_in += shard->events_in.get();
    out.events_out += shard->events_out.get();
    out.dropped += shard->dropped.get();
  }
  return out;
}

}  // namespace son1k::realtime
