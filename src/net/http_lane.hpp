// A server's part on one reactor: the listener, the connections and the sweep that looks at their
// deadlines. Everything here runs on that reactor's thread, but for the atomics and start()'s
// caller. Internal to net.
#pragma once
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http_server.hpp"
#include "net/takeover.hpp"

namespace son1k::net {

class http_session;

using coarse_clock = std::chrono::steady_clock;

// What all lanes of a server share.
struct server_core : std::enable_shared_from_this<server_core> {
  server_core(const router& r, http_server_settings s, error_renderer e, request_observer o);
  void connection_opened() { open.fetch_add(1, std::memory_order_relaxed); }
  void connection_closed();
  // True once no connection is open; false after `limit`.
  bool wait_empty(std::chrono::milliseconds limit);
  std::shared_ptr<connection_hold> hold_connection();
  void stop_taken(bool at_once);

  const router& routes;
  const http_server_settings settings;
  const error_renderer renderer;
  const request_observer observer;
  std::size_t connections_max;
  std::atomic<std::size_t> open{0};
  std::mutex mutex;
  std::condition_variable emptied;
  // Connections that left HTTP, by who holds them.
  std::unordered_map<const connection_hold*, std::function<void(bool)>> taken;
};

class http_lane : public std::enable_shared_from_this<http_lane> {
 public:
  http_lane(std::shared_ptr<server_core> core, boost::asio::io_context& context,
            boost::asio::ip::tcp::acceptor acceptor);

  void start();  // from any thread, once
  void drain();  // on the reactor
  void cut();    // on the reactor

  void join(http_session& session);
  void leave(http_session& session);

  server_core& core() { return *core_; }
  boost::asio::io_context::executor_type executor() { return context_.get_executor(); }
  bool draining() const { return draining_; }
  // Time as of the last sweep: exact enough for deadlines, and free.
  coarse_clock::time_point now() const { return now_; }
  // As of the last sweep too.
  std::string_view date() const { return date_; }

 private:
  boost::asio::awaitable<void> accept_loop(std::shared_ptr<http_lane> self);
  boost::asio::awaitable<void> sweep_loop(std::shared_ptr<http_lane> self);
  void admit(boost::asio::ip::tcp::socket socket);
  void sweep();
  void refresh_date();

  const std::shared_ptr<server_core> core_;
  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer sweep_timer_;
  std::vector<http_session*> sessions_;
  coarse_clock::time_point now_ = coarse_clock::now();
  std::int64_t date_s_ = 0;
  std::string date_;
  bool draining_ = false;
  bool stopped_ = false;
};

}  // namespace son1k::net
