// Readiness of many plain sockets on one reactor: an epoll(7) of their own, which the reactor waits
// for as one descriptor. A socket costs no coroutine, no pending operation and no system call but
// its own reads and writes. Everything belongs to the reactor's thread.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

namespace son1k::net {

class ready_socket {
 public:
  // Edge by edge: what is readable must be read until it would block, or be asked for again.
  // `ended`: the peer will send no more, or the connection failed.
  virtual void on_ready(bool readable, bool writable, bool ended) = 0;

 protected:
  ~ready_socket() = default;
};

class socket_poller : public std::enable_shared_from_this<socket_poller> {
 public:
  // `after_turn` runs after each batch of on_ready() calls; what was removed during the batch may
  // be destroyed there, not before.
  socket_poller(boost::asio::io_context& loop, std::function<void()> after_turn);
  socket_poller(const socket_poller&) = delete;
  socket_poller& operator=(const socket_poller&) = delete;

  void start();
  void stop();
  // Errors are told by errno; false then.
  bool add(int descriptor, ready_socket& socket);
  void remove(int descriptor);
  // True while on_ready() calls are made: after_turn is yet to come.
  bool in_turn() const { return in_turn_; }

 private:
  void wait();
  void turn();

  boost::asio::posix::stream_descriptor events_;
  std::function<void()> after_turn_;
  bool in_turn_ = false;
  bool stopped_ = false;
};

}  // namespace son1k::net
