// A WebSocket that left HTTP, with plain callbacks and no buffer of its own: bytes come through its
// reactor's and go out gathered from the shared frames of its session. It ends by itself, whatever
// the peer does: a close is answered within a bound or the connection is cut. Belongs to its
// reactor.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "net/socket_poller.hpp"
#include "net/takeover.hpp"
#include "realtime/engine/session.hpp"
#include "realtime/websocket/frame.hpp"

namespace son1k::realtime {

class websocket_link;

// What a link needs of its reactor.
class link_host {
 public:
  virtual net::socket_poller& poller() = 0;
  virtual std::span<char> read_buffer() = 0;
  virtual engine_counts& counts() = 0;
  virtual std::int64_t now_us() const = 0;
  // Calls on_close_due() when its time came.
  virtual deadline_list& closes() = 0;
  // Calls read() once more in a later turn.
  virtual void read_soon(websocket_link& link) = 0;
  // Destroys it at the end of this turn.
  virtual void bury(websocket_link& link) = 0;

 protected:
  ~link_host() = default;
};

class websocket_link final : public session_socket, private net::ready_socket {
 public:
  // Owns the descriptor.
  websocket_link(link_host& host, int descriptor, std::shared_ptr<net::connection_hold> hold,
                 std::size_t message_bytes_max);
  ~websocket_link();
  websocket_link(const websocket_link&) = delete;
  websocket_link& operator=(const websocket_link&) = delete;

  // From now on it may be read. `unread` is what HTTP had read too far.
  void start(engine_session* session, std::string unread);
  void read();
  void on_close_due();
  bool gone() const { return descriptor_ < 0; }
  std::size_t slot = 0;  // the host's own marks
  bool reads_soon = false;

  // session_socket
  void write(send_ring& ring) override;
  void write_probe_answer() override;
  bool blocked() const override { return blocked_; }
  bool between_messages() const override { return head_sent_ == 0; }
  void end(std::uint16_t code, send_ring rest) override;
  void abort() override;

 private:
  enum class state : std::uint8_t { open, closing, closed };

  void on_ready(bool readable, bool writable, bool ended) override;
  void feed(std::span<char> bytes);
  void take(const ws_item& item);
  void lose(close_reason why);
  void answer_close(std::uint16_t code);
  void flush_own();
  void forget(send_ring& ring, std::size_t sent);
  void finish();

  link_host& host_;
  engine_session* session_ = nullptr;  // while it is told of what comes
  std::shared_ptr<net::connection_hold> hold_;
  ws_reader reader_;
  std::string own_;  // control frames, ahead of the session's
  send_ring rest_;   // of the session that ended
  deadline_mark due_{this};
  std::size_t head_sent_ = 0;  // of the ring's first frame
  std::size_t own_sent_ = 0;
  std::uint16_t code_ = 0;  // to close with once the rest is written
  int descriptor_ = -1;
  state state_ = state::open;
  bool blocked_ = false;
  bool hung_ = false;  // the peer will send no more
  bool peer_closed_ = false;
};

}  // namespace son1k::realtime
