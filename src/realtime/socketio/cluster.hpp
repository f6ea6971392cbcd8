// The `cluster` port: what the Socket.IO servers of one installation ask of each other. The hub
// speaks through it and is spoken to as a `cluster_peer`; the wire formats (those of Socket.IO's
// streams adapter and of its classic one) are the implementations' business. Every implementation
// passes tests/contract/cluster.
//
// Threads: all methods may be called from any thread; coroutines resume on the executor they run
// on. A peer is called on a thread of the implementation: it must be short and must not wait.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/metrics.hpp"

namespace son1k::realtime {

// The arguments of an event: a JSON array (its first element is the name) in which
// {"_placeholder":true,"num":i} stands for attachment i.
// Of an answer it is the list of its arguments without a name; the formats carry only the first.
struct io_payload {
  std::string json;
  std::vector<std::string> attachments;
};

// Whom something concerns: sockets that are in any of `rooms` (in all, if there is none) and in
// none of `except`. Each socket is in the room of its own id.
struct room_selection {
  std::vector<std::string> rooms;
  std::vector<std::string> except;
};

struct io_flags {
  bool is_volatile = false;
  bool compress = true;
  // Not empty: with clients that are slow it gives way to a later one with the same key. Ours only.
  std::string latest;
};

struct io_broadcast {
  std::string space = "/";
  io_payload event;
  room_selection whom;
  io_flags flags;
  std::string offset;  // of what came through the cluster and can be recovered; else empty
};

// A socket as another node describes it.
struct remote_socket {
  std::string id;
  std::vector<std::string> rooms;
  boost::json::value handshake;
  boost::json::value data;
};

// What a socket leaves behind for the time in which its client may come back.
struct kept_session {
  std::string sid;
  std::string pid;
  std::vector<std::string> rooms;
  boost::json::value data;
};

// Delivers a broadcast to the caller's own sockets, with its offset (empty: this format has none,
// or it is volatile). Short, without a wait.
using io_turn = std::function<void(const std::string& offset)>;

// What a node does for the others; the hub implements it.
class cluster_peer {
 public:
  virtual ~cluster_peer() = default;
  virtual void on_broadcast(const io_broadcast& message) = 0;
  // As on_broadcast, but the clients' acks are wanted: `asked` tells how many sockets here get it,
  // then `acked` is called once for each that answers in time.
  virtual void on_broadcast_with_ack(const io_broadcast& message,
                                     std::function<void(std::size_t)> asked,
                                     std::function<void(io_payload)> acked) = 0;
  virtual void on_join(const std::string& space, const room_selection& whom,
                       const std::vector<std::string>& rooms) = 0;
  virtual void on_leave(const std::string& space, const room_selection& whom,
                        const std::vector<std::string>& rooms) = 0;
  virtual void on_disconnect(const std::string& space, const room_selection& whom, bool close) = 0;
  virtual void on_fetch(const std::string& space, const room_selection& whom,
                        std::function<void(std::vector<remote_socket>)> reply) = 0;
  // `reply` is empty where no answer is wanted.
  virtual void on_server_emit(const std::string& space, const io_payload& event,
                              std::function<void(io_payload)> reply) = 0;
  // What was said before may be lost to this node: nothing can be recovered over it.
  virtual void on_gap() = 0;
};

class cluster {
 public:
  virtual ~cluster() = default;

  virtual const std::string& node() const = 0;  // 16 hexadecimal digits
  // From here on the peer hears the others; nullptr ends that and waits for a call under way.
  virtual void attach(cluster_peer* peer) = 0;

  // Tells the others; the offset. `deliver` (may be empty) is called once when it is this
  // broadcast's turn: between calls of the peer, so that what this node's sockets get is in the
  // order of the offsets whoever said it; on a thread of the implementation or the caller's, before
  // this returns. If this fails it is not called. unavailable: whether they heard is not known.
  virtual boost::asio::awaitable<result<std::string>> broadcast(io_broadcast message,
                                                                io_turn deliver) = 0;
  // The same without a wait, where nothing needs one: the offset. Nothing: broadcast() must be
  // asked. The caller holds a lock, so that what is delivered keeps the order of offsets.
  virtual std::optional<std::string> broadcast_at_once(const io_broadcast&) { return std::nullopt; }
  // Of what was last said; since() with it gives all that comes later. Empty: not known.
  virtual std::string last_offset() const { return {}; }
  // How many sockets elsewhere were asked, through `asked`, as it becomes known; each ack through
  // `acked`; ends after `ms` at the latest.
  virtual boost::asio::awaitable<result<void>> broadcast_with_ack(
      io_broadcast message, std::function<void(std::size_t)> asked,
      std::function<void(io_payload)> acked, std::int64_t ms) = 0;
  virtual boost::asio::awaitable<result<void>> join(std::string space, room_selection whom,
                                                    std::vector<std::string> rooms) = 0;
  virtual boost::asio::awaitable<result<void>> leave(std::string space, room_selection whom,
                                                     std::vector<std::string> rooms) = 0;
  virtual boost::asio::awaitable<result<void>> disconnect(std::string space, room_selection whom,
                                                          bool close) = 0;
  // Of the other nodes. timeout: some did not answer (the message says how many).
  virtual boost::asio::awaitable<result<std::vector<remote_socket>>> fetch(std::string space,
                                                                           room_selection whom) = 0;
  // To the servers, not to clients. With `ms` > 0 waits for their answers.
  virtual boost::asio::awaitable<result<std::vector<io_payload>>> server_emit(std::string space,
                                                                              io_payload event,
                                                                              std::int64_t ms) = 0;
  // How many other servers are known to live.
  virtual std::size_t servers() const = 0;
  virtual void gather_figures(std::vector<metrics::family>& out) const { (void)out; }

  // Connection state recovery. not_found where this format cannot, or knows it no more. Where it
  // cannot, recovers() is false, and clients are given nothing to come back with.
  virtual bool recovers() const { return true; }
  virtual boost::asio::awaitable<result<void>> keep_session(kept_session session,
                                                            std::int64_t ms) = 0;
  virtual boost::asio::awaitable<result<kept_session>> take_session(std::string pid) = 0;
  // Broadcasts to `space` after `offset`, the oldest first, one page; empty: that was all.
  virtual boost::asio::awaitable<result<std::vector<io_broadcast>>> since(std::string space,
                                                                          std::string offset) = 0;
};

}  // namespace son1k::realtime
