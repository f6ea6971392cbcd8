#include "realtime/engine/websocket_link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <utility>

namespace son1k::realtime {
namespace {

constexpr std::size_t gathered_max = 128;
constexpr int reads_a_turn_max = 4;
// Answers to pings that are not read are not piled up: the latest one is enough (RFC 6455 5.5.3).
constexpr std::size_t own_bytes_max = 4'096;
// What the system takes beyond what it can send: else it takes megabytes for one that never reads,
// and what gives way to later messages would be in its hands already.
constexpr int unsent_bytes_max = 128 * 1'024;

ssize_t hand_over(int descriptor, std::span<iovec> parts) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  // One frame is the usual case, and this its shorter way.
  if (parts.size() == 1) return ::send(descriptor, parts[0].iov_base, parts[0].iov_len, flags);
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(descriptor, &message, flags);
}

}  // namespace

websocket_link::websocket_link(link_host& host, int descriptor,
                               std::shared_ptr<net::connection_hold> hold,
                               std::size_t message_bytes_max)
    : host_(host), hold_(std::move(hold)), reader_(message_bytes_max), descriptor_(descriptor) {}

websocket_link::~websocket_link() {
  if (!gone()) ::close(descriptor_);
}

void websocket_link::start(engine_session* session, std::string unread) {
  session_ = session;
  // Without it more is taken, nothing else.
  (void)::setsockopt(descriptor_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max,
                     sizeof unsent_bytes_max);
  if (!host_.poller().add(descriptor_, *this)) return lose(close_reason::transport_error);
  if (!unread.empty()) feed({unread.data(), unread.size()});
}

void websocket_link::on_ready(bool readable, bool writable, bool ended) {
  if (gone()) return;
  if (writable && blocked_) {
    blocked_ = false;
    session_ != nullptr ? session_->on_socket_writable(*this) : write(rest_);
  }
  hung_ = hung_ || ended;
  if ((readable || ended) && !gone()) read();
}

void websocket_link::read() {
  const auto buffer = host_.read_buffer();
  for (int turn = 0; turn < reads_a_turn_max; ++turn) {
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) return lose(close_reason::transport_close);
    host_.counts().bytes_in += static_cast<std::uint64_t>(got);
    feed(buffer.first(static_cast<std::size_t>(got)));
    // A short read took everything: what comes later is told again.
    const bool drained = static_cast<std::size_t>(got) < buffer.size() && !hung_;
    if (drained || gone()) return;
  }
  host_.read_soon(*this);
}

void websocket_link::feed(std::span<char> bytes) {
  while (!gone() && !peer_closed_) {
    const auto got = reader_.next(bytes);
    if (got.broken != 0) {
      peer_closed_ = true;
      if (auto* session = std::exchange(session_, nullptr)) {
        session->on_socket_gone(*this, close_reason::parse_error);
      }
      return answer_close(got.broken);
    }
    if (!got.item) return;
    take(*got.item);
  }
}

void websocket_link::take(const ws_item& item) {
  switch (item.what) {
    case ws_opcode::text:
      if (session_ != nullptr) session_->on_socket_text(*this, item.payload);
      return;
    case ws_opcode::binary:
      if (session_ != nullptr) session_->on_socket_binary(*this, item.payload);
      return;
    case ws_opcode::ping:
      if (own_.size() > own_bytes_max || state_ != state::open) return;
      append_frame(own_, ws_opcode::pong, item.payload);
      return flush_own();
    case ws_opcode::close:
      peer_closed_ = true;
      // The answers to what came before it are its peer's to have.
      if (session_ != nullptr && !blocked_) session_->on_socket_writable(*this);
      if (gone()) return;
      if (auto* session = std::exchange(session_, nullptr)) {
        session->on_socket_gone(*this, close_reason::transport_close);
      }
      return answer_close(item.code == ws_code::none_given ? ws_code::normal : item.code);
    default:
      return;
  }
}

// The close of the peer, or what it broke, is answered and the connection ends.
void websocket_link::answer_close(std::uint16_t code) {
  if (state_ == state::closed) return finish();
  if (code_ == 0) code_ = code;
  rest_.clear();
  if (head_sent_ > 0) return finish();
  state_ = state::closing;
  if (!due_.is_set()) host_.closes().set(due_, host_.now_us());
  write(rest_);
}

void websocket_link::end(std::uint16_t code, send_ring rest) {
  session_ = nullptr;
  if (state_ != state::open) return;
  state_ = state::closing;
  code_ = code;
  rest_ = std::move(rest);
  host_.closes().set(due_, host_.now_us());
  write(rest_);
}

void websocket_link::abort() {
  session_ = nullptr;
  finish();
}

void websocket_link::write_probe_answer() {
  append_frame(own_, ws_opcode::text, "3probe");
  flush_own();
}

void websocket_link::flush_own() {
  if (blocked_) return;
  // Between two messages of the session only; else they go with its next write.
  if (head_sent_ == 0) {
    send_ring none;
    write(none);
  }
}

void websocket_link::write(send_ring& ring) {
  while (!gone() && !blocked_) {
    if (ring.empty() && own_.empty()) {
      if (state_ != state::closing) return;
      state_ = state::closed;
      append_close(own_, code_, {});
    }
    std::array<iovec, gathered_max> parts;
    std::size_t count = 0;
    std::size_t bytes = 0;
    const auto add = [&](std::string_view part) {
      parts[count++] = {const_cast<char*>(part.data()), part.size()};
      bytes += part.size();
    };
    std::size_t next = 0;
    if (head_sent_ > 0) add(ring[next++]->frame().substr(head_sent_));
    if (!own_.empty()) add(std::string_view(own_).substr(own_sent_));
    while (next < ring.size() && count < gathered_max) add(ring[next++]->frame());
    const auto sent = hand_over(descriptor_, std::span(parts.data(), count));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      return lose(close_reason::transport_close);
    }
    const auto whole = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    blocked_ = whole < bytes;
    host_.counts().bytes_out += whole;
    forget(ring, whole);
    if (state_ == state::closed && own_.empty()) {
      if (peer_closed_) return finish();
      ::shutdown(descriptor_, SHUT_WR);
      return;
    }
  }
}

// In the order of write().
void websocket_link::forget(send_ring& ring, std::size_t sent) {
  if (head_sent_ > 0) {
    const auto left = ring[0]->frame().size() - head_sent_;
    if (sent < left) {
      head_sent_ += sent;
      return;
    }
    sent -= left;
    head_sent_ = 0;
    ring.pop();
    ++host_.counts().packets_out;
  }
  if (!own_.empty()) {
    const auto left = own_.size() - own_sent_;
    if (sent < left) {
      own_sent_ += sent;
      return;
    }
    sent -= left;
    own_sent_ = 0;
    own_.clear();
  }
  std::uint64_t packets = 0;
  while (sent > 0) {
    const auto frame = ring[0]->frame().size();
    if (sent < frame) {
      head_sent_ = sent;
      break;
    }
    sent -= frame;
    ring.pop();
    ++packets;
  }
  if (packets > 0) host_.counts().packets_out += packets;
}

// The connection is over: nothing more can be said.
void websocket_link::lose(close_reason why) {
  if (auto* session = std::exchange(session_, nullptr)) session->on_socket_gone(*this, why);
  finish();
}

void websocket_link::on_close_due() {
  due_.leave();
  finish();
}

void websocket_link::finish() {
  if (gone()) return;
  due_.leave();
  host_.poller().remove(descriptor_);
  ::close(std::exchange(descriptor_, -1));
  hold_.reset();
  rest_.clear();
  host_.bury(*this);
}

}  // namespace son1k::realtime
