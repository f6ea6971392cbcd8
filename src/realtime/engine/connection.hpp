// The two sides of an Engine.IO session: the connection, which the engine's server owns, and its
// client, which whoever speaks through it (Socket.IO, an echo of a test) gives it. Both live on one
// reactor and are touched by its thread only.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "realtime/engine/outgoing.hpp"

namespace son1k::realtime {

enum class close_reason : std::uint8_t {
  transport_close,  // the peer went
  transport_error,
  ping_timeout,
  forced,       // by this side
  parse_error,  // the peer broke the protocol
  too_slow,     // what it did not read grew over the bound
  server_stops,
};
std::string_view name_of(close_reason reason);  // as Socket.IO names it: "transport close", …

// What was known when the session began; its views hold during the call that gets it.
struct engine_handshake {
  std::string_view remote_address;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::vector<std::pair<std::string, std::string>> query;  // decoded
  bool secure = false;
};

class engine_connection {
 public:
  virtual ~engine_connection() = default;

  virtual std::string_view id() const = 0;  // the engine's sid
  virtual boost::asio::any_io_executor executor() const = 0;
  virtual std::size_t reactor() const = 0;  // its index

  // Queues; what is queued in one turn of the loop goes out in one write. After the session's end
  // it does nothing. May end the session (too_slow), which tells the client in a later turn.
  virtual void send(outgoing_ptr message) = 0;
  // Ends the session after what is queued; the client is told in a later turn.
  virtual void close(close_reason why = close_reason::forced) = 0;
  // What is queued and not yet handed to the system.
  virtual std::size_t queued_bytes() const = 0;
  // False while the transport cannot take more: volatile messages are dropped then.
  virtual bool writable() const = 0;
};

class engine_client {
 public:
  virtual ~engine_client() = default;
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::string_view bytes) = 0;
  // Once, the last call; the connection is gone after it.
  virtual void on_close(close_reason why) = 0;
};

// Called for each new session on its reactor; must not be null. It may send at once.
using engine_acceptor =
    std::function<std::unique_ptr<engine_client>(engine_connection&, const engine_handshake&)>;

}  // namespace son1k::realtime
