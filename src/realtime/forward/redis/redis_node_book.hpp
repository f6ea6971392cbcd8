// The servers of an installation, in Redis. Each renews its own entry and reads all of them every
// few seconds, so that finding one costs no call; while Redis is away, what was read last holds.
//
//   {prefix}nodes   hash: name -> "<ms until which it counts> <IP>:<port>", by the time of Redis
//   {prefix}key     string: the secret by which servers know each other, made by the first
//
// Who removes the key has a new one made, which all use a few seconds later.
#pragma once
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "net/redis/redis_client.hpp"
#include "realtime/forward/node_book.hpp"

namespace son1k::realtime {

struct redis_node_book_settings {
  std::string prefix = "bull:s1k:realtime:";
  std::string node;
  std::int64_t renew_ms = 3'000;
  std::int64_t alive_ms = 10'000;  // an entry that is not renewed counts for
};

class redis_node_book final : public node_book {
 public:
  // Client and clock outlive it.
  redis_node_book(net::redis_client& redis, const clock_port& clock,
                  redis_node_book_settings settings);
  ~redis_node_book() override;  // stops

  // Reads who lives, now if Redis answers soon, and again and again from here on.
  void start();
  // Enters this server, likewise; after start().
  void enter(const net::server_address& own);
  // Takes it out, if Redis answers soon. Repeatable.
  void stop();

  boost::asio::awaitable<std::optional<net::server_address>> find(std::string node) override;
  node_keys keys() const override;
  std::int64_t now_ms() const override;

 private:
  struct state;
  const std::shared_ptr<state> state_;
};

}  // namespace son1k::realtime
