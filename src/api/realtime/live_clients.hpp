// The clients that are connected to this process: who they are, what they follow. Thread-safe where
// it is not said otherwise.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "accounts/identity/identity.hpp"
#include "api/realtime/news_desk.hpp"
#include "realtime/rooms/allowance.hpp"
#include "realtime/rooms/room_book.hpp"
#include "realtime/socketio/socket.hpp"

namespace son1k::api {

inline constexpr std::size_t topics_per_client_max = 200;
inline constexpr std::size_t rooms_per_client_max = 50;
inline constexpr std::int64_t calls_at_once_max = 200;
inline constexpr std::int64_t calls_per_second_max = 50;

class live_client {
 public:
  live_client(std::shared_ptr<realtime::io_socket> socket, accounts::identity who, bool in_spanish)
      : id(socket->id()),
        executor(socket->executor()),
        spanish(in_spanish),
        socket_(socket),
        who_(std::move(who)) {}

  const std::string id;
  const boost::asio::any_io_executor executor;
  const bool spanish;

  accounts::identity who() const;
  void renew(accounts::identity who);
  std::shared_ptr<realtime::io_socket> socket() const { return socket_.lock(); }

  // Of the socket's reactor.
  realtime::allowance calls{calls_at_once_max, calls_per_second_max};
  std::set<std::string> following;                   // topics
  std::map<std::string, realtime::room_role> rooms;  // those it is in, by id, and as what
  std::set<std::string> doubted;  // rooms whose members changed while it was about to enter
  // Of the newsroom's thread.
  news_mark entered;
  bool warned = false;  // that its identity expires

 private:
  const std::weak_ptr<realtime::io_socket> socket_;
  mutable std::mutex mutex_;
  accounts::identity who_;
};
using live_client_ptr = std::shared_ptr<live_client>;

class live_clients {
 public:
  void add(live_client_ptr one);
  live_client_ptr remove(const std::string& id);
  live_client_ptr find(const std::string& id) const;
  std::vector<live_client_ptr> all() const;
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, live_client_ptr> by_id_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace son1k::api
