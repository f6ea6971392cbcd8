// Exchanges with other servers of the installation over connections that are kept, for a reactor:
// HTTP/1.1 without TLS, whole in memory, with bounds. Everything belongs to one reactor's thread;
// who holds it keeps it until stop() and the last exchange are over.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "net/http_client.hpp"

namespace son1k::net {

struct pool_settings {
  std::size_t exchanges_max = 2'000;  // under way at once
  std::size_t idle_max = 256;         // kept connections to one server
  std::chrono::milliseconds connect_time{1'000};
  std::chrono::milliseconds idle_time{20'000};  // less than servers keep them
  std::size_t body_bytes_max = 4 * 1024 * 1024;
};

struct pool_reply {
  int status = 0;
  std::string body;
  std::string mark;  // the value of the field that was asked for
  // Of a 101: the connection, and what came behind the head.
  std::optional<boost::asio::ip::tcp::socket> socket;
  std::string unread;
};

class pooled_link;

// Gives an exchange up from outside of its coroutine, on the same thread. Its server sees the
// connection end.
class exchange_grip {
 public:
  void give_up();

 private:
  friend class http_pool;
  std::weak_ptr<pooled_link> link_;
  bool given_up_ = false;
};

class http_pool : public std::enable_shared_from_this<http_pool> {
 public:
  http_pool(boost::asio::any_io_executor executor, pool_settings settings);
  ~http_pool();

  // `to` is an IP address; `mark` names a field of the reply. What is sent once is never sent
  // again: whether it arrived is not known after a failure. rate_limited: too many are under way ·
  // unavailable: nobody answers there, or the connection broke · timeout: not within `time` ·
  // payload_too_large · cancelled: given up, or stopped.
  boost::asio::awaitable<result<pool_reply>> exchange(server_address to, client_request what,
                                                      std::string mark,
                                                      std::chrono::milliseconds time,
                                                      std::shared_ptr<exchange_grip> grip);
  // Ends what is under way; later exchanges fail.
  void stop();

  std::size_t idle() const;

 private:
  using link_ptr = std::shared_ptr<pooled_link>;
  link_ptr take_idle(const std::string& name);
  void keep(const std::string& name, link_ptr link);
  void drop_old();
  void sweep_later();

  const boost::asio::any_io_executor executor_;
  const pool_settings settings_;
  std::unordered_map<std::string, std::vector<link_ptr>> idle_;
  std::unordered_map<pooled_link*, std::weak_ptr<pooled_link>> busy_;
  boost::asio::steady_timer timer_;
  bool sweeping_ = false;
  bool stopped_ = false;
};

}  // namespace son1k::net
