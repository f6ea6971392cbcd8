// A TCP proxy between a test and a server of any protocol that does to connections what networks
// do: late, slow, cut, half-open. Faults hold for present and future connections. It runs on a
// thread of its own; its methods are for the test's thread.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace son1k::test {

class fault_proxy {
 public:
  // Forwards 127.0.0.1:port() to 127.0.0.1:`target`.
  explicit fault_proxy(std::uint16_t target);
  ~fault_proxy();
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;

  std::uint16_t port() const { return port_; }
  std::string host_port() const { return "127.0.0.1:" + std::to_string(port_); }

  // Each chunk, either way, goes on this much later.
  void delay(std::chrono::milliseconds by);
  // Bytes a second and direction; 0 is no limit.
  void slow(std::size_t bytes_per_second);
  // Connections stay open, new ones are accepted, and nothing is read or forwarded.
  void half_open(bool on);
  // Only what the server says is held back: calls arrive and run, and their replies do not.
  void mute_server(bool on);
  // Closes every connection; new ones are served.
  void cut();
  // New connections are closed at once.
  void refuse(bool on);

  // Connections taken so far, the refused ones included.
  int accepted() const { return accepted_; }

 private:
  struct session;
  using socket = boost::asio::ip::tcp::socket;

  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(std::shared_ptr<session> self);
  boost::asio::awaitable<void> forward(std::shared_ptr<session> self, bool from_server);
  boost::asio::awaitable<void> wait(std::chrono::microseconds time);
  template <class Change>
  void on_loop(Change change);

  boost::asio::io_context loop_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer thawed_;
  const std::uint16_t target_;
  std::uint16_t port_ = 0;
  std::vector<std::weak_ptr<session>> sessions_;
  std::chrono::milliseconds delay_{0};
  std::size_t bytes_per_second_ = 0;
  bool half_open_ = false;
  bool muted_ = false;
  bool refusing_ = false;
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

}  // namespace son1k::test
