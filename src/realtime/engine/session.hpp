// One Engine.IO session as a state machine without I/O: packets, transports, heartbeat, upgrade and
// end. What it needs of the world it asks of its host, the reactor it lives on, and of the sockets
// and polls that carry it. Everything happens on the reactor's thread; the host owns it.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "realtime/engine/connection.hpp"
#include "realtime/engine/counts.hpp"
#include "realtime/engine/deadlines.hpp"
#include "realtime/engine/send_ring.hpp"
#include "realtime/engine/settings.hpp"

namespace son1k::realtime {

class engine_session;

struct poll_reply {
  int status = 200;
  std::string body;  // a payload; of a 400 empty
};

// A GET that waits. Answered once.
class waiting_poll {
 public:
  virtual ~waiting_poll() = default;
  virtual void answer(poll_reply reply) = 0;
};

// A WebSocket as its session sees it. After end() or abort() it tells the session nothing more and
// goes by itself; the session must not use it then.
class session_socket {
 public:
  // Writes what it can of it now; the rest waits until it is asked again.
  virtual void write(send_ring& ring) = 0;
  virtual void write_probe_answer() = 0;
  virtual bool blocked() const = 0;
  // False while the first message of the ring is partly written.
  virtual bool between_messages() const = 0;
  // Writes the rest of the ring and closes with the code.
  virtual void end(std::uint16_t code, send_ring rest) = 0;
  virtual void abort() = 0;

 protected:
  ~session_socket() = default;
};

class session_host {
 public:
  virtual const engine_settings& settings() const = 0;
  virtual engine_counts& counts() = 0;
  virtual std::int64_t now_us() const = 0;
  virtual boost::asio::any_io_executor executor() const = 0;
  virtual std::size_t reactor() const = 0;
  // Calls flush() once at the end of this turn of the loop.
  virtual void flush_soon(engine_session& session) = 0;
  // Calls on_ping_due(), on_pong_due(), on_grace_over() for those of these lists whose time came.
  virtual deadline_list& pings() = 0;
  virtual deadline_list& pongs() = 0;
  virtual deadline_list& upgrades() = 0;
  virtual deadline_list& ends() = 0;
  // In a later turn: forgets the session, tells its client and destroys it.
  virtual void bury(engine_session& session) = 0;
  // Its client is told now; it stays until its last packets are fetched.
  virtual void tell_end_soon(engine_session& session) = 0;

 protected:
  ~session_host() = default;
};

class engine_session final : public engine_connection {
 public:
  engine_session(session_host& host, std::string id);
  ~engine_session() override;

  // Begins over polling, or over that socket. The client comes from the acceptor, which may already
  // have sent.
  void begin(session_socket* socket);
  void set_client(std::unique_ptr<engine_client> client) { client_ = std::move(client); }
  // What is queued as a payload, for the reply to a handshake.
  std::string take_payload();

  // engine_connection
  std::string_view id() const override { return id_; }
  boost::asio::any_io_executor executor() const override { return host_.executor(); }
  std::size_t reactor() const override { return host_.reactor(); }
  void send(outgoing_ptr message) override;
  void close(close_reason why) override;
  std::size_t queued_bytes() const override { return ring_.bytes(); }
  bool writable() const override;

  // Polling
  // `stamp`: what the client names each request by, or empty. A browser that got no answer asks
  // again by itself, with the same stamp: it is given again what the lost answer held. A client
  // whose stamp never changes is not meant.
  void note_stamp(std::string_view stamp);  // of the handshake
  void on_poll(std::shared_ptr<waiting_poll> poll, std::string_view stamp = {});
  void on_poll_gone(const waiting_poll* poll);
  // A POST whose body is on its way. False: another one is, and the session ends.
  bool begin_post(const void* post);
  // Its client went before the body was there.
  void on_post_gone(const void* post);
  // It is refused by others than the session.
  void forget_post(const void* post);
  // The status to reply with: 200 or 400. `post`: as it was begun, or null.
  int on_post(std::string_view body, bool octets, const void* post = nullptr);

  // WebSocket
  bool begin_upgrade(session_socket& socket);  // false: not now
  void on_socket_text(session_socket& socket, std::string_view text);
  void on_socket_binary(session_socket& socket, std::string_view bytes);
  void on_socket_writable(session_socket& socket);
  void on_socket_gone(session_socket& socket, close_reason why);

  // The host's calls
  void flush();
  void on_ping_due();
  void on_pong_due();
  void on_grace_over();  // of an upgrade, or of the last packets
  void tell_end();       // to the client

  bool over_websocket() const { return socket_ != nullptr; }
  bool alive() const { return state_ == state::open; }
  // Closed, but its last packets wait for a poll.
  bool lingers() const { return state_ == state::leaving; }
  bool flush_asked = false;  // the host's own mark

 private:
  enum class state : std::uint8_t { open, leaving, ended };

  // The last request that had a stamp.
  struct stamped_poll {
    std::string stamp;
    std::string answer;  // once it was answered
    std::int64_t asked_us = 0;
  };
  bool is_asked_again(std::string_view stamp) const;
  void give_poll(std::string payload);
  void push(outgoing_ptr message);
  bool take_packet(std::string_view text);
  void take_message(std::string_view data, bool binary);
  void take_pong();
  void on_probe_text(std::string_view text);
  void end_upgrade();
  void end(close_reason why, std::string_view last_poll);
  void linger(close_reason why, engine_type last);
  void answer_poll(poll_reply reply);
  tally& count_of_transport();

  session_host& host_;
  const std::string id_;
  std::unique_ptr<engine_client> client_;
  send_ring ring_;
  session_socket* socket_ = nullptr;
  session_socket* candidate_ = nullptr;
  std::shared_ptr<waiting_poll> poll_;
  std::unique_ptr<stamped_poll> last_poll_;
  const void* posting_ = nullptr;  // whose body is on its way
  deadline_mark beat_{this};       // in pings() or pongs()
  deadline_mark grace_{this};      // in upgrades() or ends()
  state state_ = state::open;
  close_reason why_ = close_reason::transport_close;
  bool probed_ = false;
  bool stamps_change_ = false;
};

}  // namespace son1k::realtime
