// The Socket.IO v5 server over any transport: namespaces, sockets, rooms, acks, recovery. It owns
// its sockets; connections belong to the engine, which gives each to accept().
//
// Threads: of(), and what is set on a namespace (admit, on…), before start(). A namespace's
// emissions and selections from any thread, and so everything else here. Handlers run on the
// reactor of their socket: they must not block.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "realtime/engine/connection.hpp"
#include "realtime/socketio/cluster.hpp"
#include "realtime/socketio/socket.hpp"

namespace son1k::realtime {

struct io_settings {
  std::int64_t connect_ms_max = 45'000;  // a connection without a socket is closed after it
  std::size_t spaces_per_connection_max = 16;
  std::size_t rooms_per_socket_max = 1'000;
  std::size_t rooms_max = 1'000'000;          // in all
  std::size_t room_bytes_max = 256;           // of a room's name
  std::size_t handlers_per_socket_max = 16;   // coroutines at a time; more events wait
  std::size_t waiting_per_socket_max = 256;   // events; with more the connection is cut
  std::size_t acks_per_socket_max = 1'000;    // waited for
  std::size_t events_per_second_max = 0;      // of a socket, on average over 4 s; 0: no bound
  std::size_t kept_events_max = 2'000;        // given again to a socket that comes back
  std::size_t kept_bytes_max = 512u * 1'024;  // of them; beyond, it is not recovered
  std::size_t kept_pages_max = 64;            // read of the cluster for one socket
  std::int64_t recovery_ms = 120'000;         // 0: sockets that come back are new ones
  std::int64_t stop_ms_max = 5'000;           // stop() waits no longer
  std::int64_t emit_ms_max = 10'000;          // of acks that name no time
  std::vector<std::string> headers_kept{"authorization", "cookie", "origin", "user-agent",
                                        "accept-language"};
};

struct io_figures {
  std::size_t connections = 0;
  std::size_t sockets = 0;
  std::size_t rooms = 0;            // not counting those of the sockets' ids
  std::uint64_t events_in = 0;      // of clients
  std::uint64_t events_out = 0;     // to clients, each counted once for each
  std::uint64_t broadcasts = 0;     // events sent, whomever they reached
  std::uint64_t dropped = 0;        // volatile ones for clients that were not ready
  std::uint64_t cut = 0;            // connections that sent too much at once
  std::uint64_t refused = 0;        // by the application or an unknown namespace
  std::uint64_t broken = 0;         // connections closed because of what they sent
  std::uint64_t recovered = 0;      // sockets that came back
  std::uint64_t not_recovered = 0;  // that wanted to and could not
  std::uint64_t not_recorded = 0;   // broadcasts that the cluster could not be told of
};

// How many sockets were asked, and what those said that answered in time.
struct io_answers {
  std::size_t asked = 0;
  std::vector<io_payload> answers;
};

// An event on its way to a selection of sockets, here and on the other nodes. A builder: each
// method changes it, emit() or ask() sends it.
class io_emission {
 public:
  io_emission(class io_space& space, room_selection whom)
      : space_(&space), whom_(std::move(whom)) {}

  io_emission& to(std::vector<std::string> rooms);
  io_emission& except(std::vector<std::string> rooms);
  // Dropped for clients that are not ready.
  io_emission& volatile_();
  // Gives way to a later one with this key where a client is slow.
  io_emission& latest(std::string key);
  // Not to other nodes. It cannot be recovered: for what is said again soon.
  io_emission& local();

  void emit(io_payload event);
  void emit(std::string_view name, const boost::json::array& args = {}) {
    emit(payload_of(name, args));
  }
  // Ends after `ms` at the latest. unavailable: the other nodes could not be asked.
  boost::asio::awaitable<result<io_answers>> ask(io_payload event, std::int64_t ms);

  struct options {
    io_urgency how;
    bool local = false;
  };

 private:
  io_space* space_;
  room_selection whom_;
  options options_;
};

class io_space {
 public:
  using socket_ptr = std::shared_ptr<io_socket>;
  using admission = std::function<boost::asio::awaitable<io_verdict>(io_request)>;
  using connected = std::function<void(const socket_ptr&)>;
  // `reason` as Socket.IO names it ("transport close", "client namespace disconnect", …). The
  // socket still has its rooms and data.
  using disconnected = std::function<void(const socket_ptr&, std::string_view reason)>;
  using handler = std::function<void(const socket_ptr&, io_event&, const io_ack&)>;
  using async_handler = std::function<boost::asio::awaitable<void>(socket_ptr, io_event, io_ack)>;
  // Of other nodes; `reply` is empty where no answer is wanted. On a thread of the cluster.
  using server_handler = std::function<void(io_event, std::function<void(io_payload)> reply)>;

  virtual ~io_space() = default;
  virtual const std::string& name() const = 0;
  // One of the server's reactors, for work that belongs to no socket.
  virtual boost::asio::any_io_executor executor() const = 0;

  // Without one, everybody is accepted. What escapes it refuses.
  virtual void admit(admission ask) = 0;
  virtual void on_connect(connected told) = 0;
  virtual void on_disconnect(disconnected told) = 0;
  // One for each name; an event without a handler goes to on_any(), or nowhere. What escapes a
  // handler is logged. Coroutines of a socket begin in the order of its events.
  virtual void on(std::string name, handler h) = 0;
  virtual void on_async(std::string name, async_handler h) = 0;
  virtual void on_any(handler h) = 0;
  virtual void on_server_event(std::string name, server_handler h) = 0;

  io_emission to(std::vector<std::string> rooms) { return {*this, {std::move(rooms), {}}}; }
  io_emission everybody() { return {*this, {}}; }
  io_emission except(std::vector<std::string> rooms) { return {*this, {{}, std::move(rooms)}}; }

  // Here and on the other nodes.
  virtual void join_all(room_selection whom, std::vector<std::string> rooms) = 0;
  virtual void leave_all(room_selection whom, std::vector<std::string> rooms) = 0;
  virtual void disconnect_all(room_selection whom, bool close) = 0;
  // timeout, unavailable: of the other nodes.
  virtual boost::asio::awaitable<result<std::vector<remote_socket>>> fetch(room_selection whom) = 0;
  // To the servers of the other nodes.
  virtual void server_emit(io_payload event) = 0;
  virtual boost::asio::awaitable<result<std::vector<io_payload>>> server_ask(io_payload event,
                                                                             std::int64_t ms) = 0;

 protected:
  friend class io_emission;
  virtual void send(room_selection whom, io_payload event, io_emission::options options) = 0;
  virtual boost::asio::awaitable<result<io_answers>> send_with_ack(room_selection whom,
                                                                   io_payload event,
                                                                   io_emission::options options,
                                                                   std::int64_t ms) = 0;
};

class io_server {
 public:
  // An executor for each reactor, in the order of engine_connection::reactor(); each is one thread
  // and outlives the server. Without a cluster there are no other nodes and no recovery; else it
  // outlives the server, too.
  io_server(std::vector<boost::asio::any_io_executor> reactors, const clock_port& clock,
            io_settings settings, cluster* shared = nullptr);
  ~io_server();
  io_server(const io_server&) = delete;
  io_server& operator=(const io_server&) = delete;

  // The namespace of that name, made if there is none. "/" or "/name", at most 256 bytes.
  io_space& of(const std::string& name);

  void start();
  // Closes the connections and waits for the sessions that are to
  // be kept and for handlers, a few seconds at most; then nothing is called any more. Repeatable.
  // Not on a reactor.
  void stop();

  // For the engine; on the connection's reactor.
  std::unique_ptr<engine_client> accept(engine_connection& connection,
                                        const engine_handshake& handshake);
  engine_acceptor acceptor() {
    return
        [this](auto& connection, const auto& handshake) { return accept(connection, handshake); };
  }

  io_figures figures() const;

  // What the cluster calls.
  cluster_peer& peer();

  // Does what is due by the clock: for a clock that does not move by itself.
  void tick();

  struct state;

 private:
  std::shared_ptr<state> state_;
};

}  // namespace son1k::realtime
