// The subscriptions of a client on one connection: who listens to what, and telling Redis so after
// each dial. Internal to net/redis. add() and remove() are for any thread; the rest is the loop's.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/redis/redis_client.hpp"
#include "net/redis/redis_connection.hpp"

namespace son1k::net {

class redis_subscriber : public std::enable_shared_from_this<redis_subscriber> {
 public:
  explicit redis_subscriber(redis_core& core) : core_(core) {}

  std::uint64_t add(std::string channel, redis_listener listener, redis_channel how);
  void remove(std::uint64_t id);
  void close();  // on the loop, or once it has ended

 private:
  using key = std::pair<redis_channel, std::string>;
  struct entry {
    std::uint64_t id = 0;
    std::shared_ptr<const redis_listener> listener;
    bool live = false;  // was told that the subscription stands on this connection
  };

  void enter(std::uint64_t id, key what, std::shared_ptr<const redis_listener> listener);
  void leave(std::uint64_t id);
  void connect();
  void on_up();
  void on_push(const redis_value& pushed);
  void confirmed(const key& what);
  void deliver(const key& what, std::string_view channel, std::string_view payload);

  redis_core& core_;
  std::atomic<std::uint64_t> last_id_{0};
  std::map<key, std::vector<entry>> listeners_;
  std::map<key, bool> standing_;  // confirmed by Redis on the present connection
  std::map<std::uint64_t, key> by_id_;
  std::shared_ptr<redis_connection> connection_;
  bool closed_ = false;
};

}  // namespace son1k::net
