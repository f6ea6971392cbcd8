// What waits: a coroutine for a signal, somebody for the answers of many sockets.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/completion.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

class hub_shard;

// The calling thread runs the reactor of this shard, and is in nobody else's call.
class on_shard {
 public:
  explicit on_shard(hub_shard& shard) : before_(now_) { now_ = &shard; }
  ~on_shard() { now_ = before_; }
  on_shard(const on_shard&) = delete;
  on_shard& operator=(const on_shard&) = delete;
  static bool is(const hub_shard& shard) { return now_ == &shard; }

 private:
  static inline thread_local hub_shard* now_ = nullptr;
  hub_shard* const before_;
};

// Something that one coroutine waits for. Thread-safe.
class io_signal {
 public:
  void fire();
  static boost::asio::awaitable<void> wait(std::shared_ptr<io_signal> self);

 private:
  std::mutex mutex_;
  bool fired_ = false;
  std::shared_ptr<waiting> waiter_;
};

// Sockets that were asked something together. Thread-safe.
class hub_ask {
 public:
  hub_ask(std::size_t shards, std::function<void(std::size_t)> asked,
          std::function<void(io_payload)> acked, std::function<void()> ended);
  // A shard asked that many of its sockets.
  void asked(std::size_t sockets);
  void answered(io_payload answer);
  void lost();  // a socket that was asked is gone
  void give_up();
  bool over() const;

 private:
  void look(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  std::size_t shards_;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  bool over_ = false;
  std::vector<io_payload> early_;  // answers before all shards have asked
  const std::function<void(std::size_t)> told_;
  const std::function<void(io_payload)> acked_;
  const std::function<void()> ended_;
};

}  // namespace son1k::realtime
