#include "realtime/engine/session.hpp"

#include <utility>

#include "base/log.hpp"
#include "realtime/engine/packet.hpp"
#include "realtime/websocket/frame.hpp"

namespace son1k::realtime {
namespace {

constexpr std::uint16_t going_away = 1001;

const outgoing_ptr& ping_packet() {
  static const auto one = std::make_shared<const outgoing>(engine_type::ping);
  return one;
}

std::string open_data(const engine_settings& s, std::string_view id, bool websocket) {
  const bool upgrades = !websocket && s.websocket;
  std::string out = R"({"sid":")";
  out.append(id).append(R"(","upgrades":[)").append(upgrades ? R"("websocket")" : "");
  out.append(R"(],"pingInterval":)").append(std::to_string(s.ping_interval.count()));
  out.append(R"(,"pingTimeout":)").append(std::to_string(s.ping_timeout.count()));
  out.append(R"(,"maxPayload":)").append(std::to_string(s.payload_bytes_max)).append("}");
  return out;
}

}  // namespace

std::string_view name_of(close_reason reason) {
  switch (reason) {
    case close_reason::transport_close:
      return "transport close";
    case close_reason::transport_error:
      return "transport error";
    case close_reason::ping_timeout:
      return "ping timeout";
    case close_reason::forced:
      return "forced close";
    case close_reason::parse_error:
      return "parse error";
    case close_reason::too_slow:
      return "too slow";
    case close_reason::server_stops:
      return "server shutting down";
  }
  return "";
}

engine_session::engine_session(session_host& host, std::string id)
    : host_(host), id_(std::move(id)) {
  ++host_.counts().opened;
}

engine_session::~engine_session() {
  if (state_ == state::open) --count_of_transport();
}

tally& engine_session::count_of_transport() {
  return socket_ != nullptr ? host_.counts().websocket : host_.counts().polling;
}

void engine_session::begin(session_socket* socket) {
  socket_ = socket;
  ++count_of_transport();
  push(std::make_shared<const outgoing>(engine_type::open,
                                        open_data(host_.settings(), id_, socket != nullptr)));
  host_.pings().set(beat_, host_.now_us());
}

bool engine_session::writable() const {
  if (state_ != state::open) return false;
  return socket_ != nullptr ? !socket_->blocked() : poll_ != nullptr;
}

void engine_session::push(outgoing_ptr message) {
  ring_.push(std::move(message));
  if (!flush_asked) host_.flush_soon(*this);
}

void engine_session::send(outgoing_ptr message) {
  if (state_ != state::open) return;
  const auto how = message->how();
  if (how != urgency::kept && !writable()) {
    if (how == urgency::volatile_) {
      ++host_.counts().dropped;
      return;
    }
    const bool between = socket_ == nullptr || socket_->between_messages();
    if (ring_.drop_latest(message->key(), between ? 0 : 1)) ++host_.counts().dropped;
  }
  if (ring_.bytes() + message->frame().size() > host_.settings().queued_bytes_max) {
    ++host_.counts().cut;
    return end(close_reason::too_slow, write_packet(engine_type::close));
  }
  push(std::move(message));
}

// Over polling the last packets wait for a poll to fetch them.
void engine_session::close(close_reason why) {
  if (state_ != state::open) return;
  if (socket_ == nullptr && !poll_ && candidate_ == nullptr && why == close_reason::forced) {
    return linger(why, engine_type::close);
  }
  std::string last = poll_ ? take_payload() : std::string();
  if (!last.empty()) last += '\x1e';
  end(why, last + write_packet(engine_type::close));
}

void engine_session::linger(close_reason why, engine_type last) {
  --count_of_transport();
  state_ = state::leaving;
  why_ = why;
  ring_.push(std::make_shared<const outgoing>(last));
  beat_.leave();
  host_.ends().set(grace_, host_.now_us());
  host_.tell_end_soon(*this);
}

bool engine_session::begin_upgrade(session_socket& socket) {
  if (state_ != state::open || socket_ != nullptr || candidate_ != nullptr) return false;
  candidate_ = &socket;
  probed_ = false;
  host_.upgrades().set(grace_, host_.now_us());
  return true;
}

void engine_session::on_socket_text(session_socket& socket, std::string_view text) {
  if (state_ != state::open) return;
  if (&socket == candidate_) return on_probe_text(text);
  if (&socket != socket_) return;
  ++host_.counts().packets_in;
  if (text.starts_with('4')) return take_message(text.substr(1), false);
  auto why = close_reason::parse_error;
  if (text == "3") return take_pong();
  if (text.starts_with('1')) why = close_reason::transport_close;
  if (text.starts_with('2')) why = close_reason::transport_error;
  const bool passed_over = !text.empty() && (text[0] == '3' || text[0] == '5' || text[0] == '6');
  if (passed_over) return;
  end(why, {});
}

void engine_session::on_socket_binary(session_socket& socket, std::string_view bytes) {
  if (state_ != state::open) return;
  if (&socket == candidate_) return end_upgrade();
  if (&socket != socket_) return;
  ++host_.counts().packets_in;
  take_message(bytes, true);
}

void engine_session::on_probe_text(std::string_view text) {
  if (text == "2probe") {
    probed_ = true;
    candidate_->write_probe_answer();
    return give_poll(write_packet(engine_type::noop));
  }
  if (text != "5" || !probed_) return end_upgrade();
  grace_.leave();
  probed_ = false;
  socket_ = std::exchange(candidate_, nullptr);
  auto& counts = host_.counts();
  --counts.polling;
  ++counts.websocket;
  ++counts.upgraded;
  last_poll_.reset();
  answer_poll({200, write_packet(engine_type::noop)});
  if (!ring_.empty() && !flush_asked) host_.flush_soon(*this);
}

// The polls go on.
void engine_session::end_upgrade() {
  grace_.leave();
  probed_ = false;
  if (auto* socket = std::exchange(candidate_, nullptr)) socket->end(ws_code::normal, {});
}

void engine_session::on_socket_writable(session_socket& socket) {
  send_ring none;
  socket.write(&socket == socket_ ? ring_ : none);
}

void engine_session::on_socket_gone(session_socket& socket, close_reason why) {
  if (&socket == candidate_) {
    candidate_ = nullptr;
    return end_upgrade();
  }
  if (state_ != state::open || &socket != socket_) return;
  socket_ = nullptr;
  end(why, {});
}

void engine_session::take_message(std::string_view data, bool binary) {
  if (!client_) return;
  try {
    binary ? client_->on_binary(data) : client_->on_text(data);
  } catch (const std::exception& fault) {
    log::error("engine.client_threw", {{"what", fault.what()}});
    close(close_reason::forced);
  }
}

void engine_session::take_pong() {
  host_.pings().set(beat_, host_.now_us());
}

void engine_session::flush() {
  flush_asked = false;
  if (state_ != state::open || ring_.empty()) return;
  if (socket_ != nullptr) return socket_->write(ring_);
  if (poll_) give_poll(take_payload());
}

void engine_session::on_ping_due() {
  host_.pongs().set(beat_, beat_.due_us());
  push(ping_packet());
}

void engine_session::on_pong_due() {
  beat_.leave();
  ++host_.counts().timed_out;
  end(close_reason::ping_timeout, write_packet(engine_type::close));
}

void engine_session::on_grace_over() {
  if (state_ == state::open) return end_upgrade();
  grace_.leave();
  state_ = state::ended;
  host_.bury(*this);
}

void engine_session::tell_end() {
  const auto client = std::move(client_);
  if (!client) return;
  try {
    client->on_close(why_);
  } catch (const std::exception& fault) {
    log::error("engine.client_threw", {{"what", fault.what()}});
  }
}

// `last_poll` is what a pending poll gets.
void engine_session::end(close_reason why, std::string_view last_poll) {
  --count_of_transport();
  state_ = state::ended;
  why_ = why;
  beat_.leave();
  grace_.leave();
  answer_poll({200, std::string(last_poll)});
  if (auto* socket = std::exchange(candidate_, nullptr)) socket->end(ws_code::normal, {});
  if (auto* socket = std::exchange(socket_, nullptr)) {
    const auto code = why == close_reason::server_stops ? going_away : ws_code::normal;
    const bool unread = why == close_reason::too_slow;
    unread ? socket->abort() : socket->end(code, std::move(ring_));
  }
  host_.bury(*this);
}

}  // namespace son1k::realtime
