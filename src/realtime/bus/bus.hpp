// The `bus` port: what the nodes of one installation tell each other about sockets and rooms. All
// nodes hear the same messages in the same order; each message has an offset, with which one that
// was away asks for what it missed. Every implementation passes tests/contract/bus.
//
// Threads: all methods may be called from any thread; coroutines resume on the executor they run
// on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace son1k::realtime {

// The numbers are those of Socket.IO's cluster adapters.
enum class bus_type : std::uint8_t {
  first_heartbeat = 1,
  heartbeat,
  broadcast,
  join,
  leave,
  disconnect,
  fetch,
  fetch_reply,
  server_emit,
  server_emit_reply,
  broadcast_count,
  broadcast_ack,
  close,
};

struct bus_message {
  bus_type type = bus_type::broadcast;
  std::string space = "/";  // the namespace of Socket.IO; at most 256 bytes
  std::string data;         // JSON, or MessagePack in base64; may be empty; at most 1 MB
  // The publisher's, by which it knows its own again; 0: none.
  std::uint64_t mark = 0;
  // Set by the bus:
  std::string node;
  std::string offset;
};

inline constexpr std::size_t bus_space_bytes_max = 256;
inline constexpr std::size_t bus_data_bytes_max = 1'000'000;
inline constexpr std::size_t bus_session_bytes_max = 64 * 1024;
inline constexpr std::size_t bus_page_max = 1'000;

// They are called one at a time, on a thread of the bus or of who published: they must be short and
// must not wait. They may publish. All but `message` may be empty.
struct bus_listener {
  std::function<void(const bus_message&)> message;  // of another node
  // Of this node, in its place among those of the others.
  std::function<void(const bus_message&)> own;
  // Messages were lost to this node (it was away for longer than they are kept): what it knows of
  // the other nodes may be wrong.
  std::function<void()> gap;
  // What stood at that offset is no message, or one that is too large.
  std::function<void(const std::string& offset)> passed_over;
};

// Ends the listening when it goes, and waits for a call that is under way unless it goes within it.
using bus_listening = std::shared_ptr<void>;

class bus {
 public:
  virtual ~bus() = default;

  // 16 hexadecimal digits, another for each bus.
  virtual const std::string& node() const = 0;

  // Every other node that listens hears it; the offset. The publisher hears it as its own, before
  // or after this returns.
  // validation: names the field that is out of its bounds · unavailable: the place that nodes share
  // is away, and it is not known whether they hear it.
  virtual boost::asio::awaitable<result<std::string>> publish(bus_message message) = 0;
  // Hears what is published from now on.
  virtual bus_listening listen(bus_listener listener) = 0;

  // What was published after `offset`, the oldest first, at most bus_page_max; also one's own.
  // not_found: no message with that offset is kept (10,000 are), so what followed is not known.
  virtual boost::asio::awaitable<result<std::vector<bus_message>>> since(std::string offset) = 0;

  // Keeps the state of a client that may come back, under its private id, for `ms`.
  // payload_too_large · validation · unavailable, also when too many are kept.
  virtual boost::asio::awaitable<result<void>> keep_session(std::string pid, std::string state,
                                                            std::int64_t ms) = 0;
  // Takes it out, so that one caller gets it. not_found: never kept, taken or over its time.
  virtual boost::asio::awaitable<result<std::string>> take_session(std::string pid) = 0;
};

// validation, as publish() and keep_session().
result<void> check(const bus_message& message);
result<void> check_session(const std::string& pid, const std::string& state, std::int64_t ms);

std::string new_node_name();
error no_such_offset();
error no_such_session();

}  // namespace son1k::realtime
