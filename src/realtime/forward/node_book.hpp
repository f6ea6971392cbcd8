// The `node_book` port: where the servers of one installation reach each other, and what proves to
// one that a request comes from another. A server that died is in it for some seconds more.
//
// Thread-safe; coroutines resume on the executor they run on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http_client.hpp"

namespace son1k::realtime {

// `now` signs; `before` still proves, for as long as some may not know the new one. Empty: none.
struct node_keys {
  std::string now;
  std::string before;
};

class node_book {
 public:
  virtual ~node_book() = default;
  // Nothing: no server of that name lives, or it cannot be found out.
  virtual boost::asio::awaitable<std::optional<net::server_address>> find(std::string node) = 0;
  virtual node_keys keys() const = 0;
  // The time that all servers share, which is nobody's own clock.
  virtual std::int64_t now_ms() const = 0;
};

}  // namespace son1k::realtime
