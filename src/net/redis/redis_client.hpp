// The client of one logical Redis: a server, the master that sentinels name, or the node of a
// cluster that has our keys. It runs on a thread of its own; any thread may call it.
//
// Calls share one pipelined connection and are answered in the order in which they were made. A
// connection that breaks comes back by itself, with backoff and a full greeting:
//   - calls that had not left wait for it up to their time;
//   - calls that had left fail with outcome "unknown" (redis_errors.hpp): they may have run;
//   - what Redis refuses for a while (LOADING, BUSY, READONLY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN,
//     ASK, MOVED, NOSCRIPT of a script) is repeated at the right place, up to the call's time.
//     Calls that were under way together may then run in another order.
// Errors are those of redis_errors.hpp; a reply of Redis that is an error is one of them, but
// inside an array it stays a value.
//
// The client owns its thread and connections. It must outlive its subscriptions and coroutines that
// wait for it; stop() ends every call.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/metrics.hpp"
#include "net/redis/redis_command.hpp"
#include "net/redis/redis_errors.hpp"
#include "net/redis/redis_settings.hpp"
#include "net/redis/redis_value.hpp"

namespace son1k::net {

class redis_connection;
class redis_subscriber;
struct redis_core;
struct redis_call;

using redis_reply = result<redis_value>;
using redis_done = std::function<void(redis_reply)>;

// What a caller may want other than the settings have it; 0 = theirs.
struct redis_call_options {
  std::chrono::milliseconds time{0};   // from the call to its reply, waiting to reconnect included
  std::chrono::milliseconds block{0};  // how long Redis itself may hold it; added to the time
};

// One connection on which calls are made: the client's shared one or a dedicated one.
class redis_caller {
 public:
  // Resumes on the executor that the coroutine runs on. One command or one script is one call, and
  // many may be under way at once.
  boost::asio::awaitable<redis_reply> call(redis_command command, redis_call_options options = {});
  // EVALSHA; a server that does not know the script is given it, and the call is repeated.
  boost::asio::awaitable<redis_reply> eval(const redis_script& script,
                                           const std::vector<std::string>& keys,
                                           const std::vector<std::string>& args,
                                           redis_call_options options = {});
  // `command` is what script.run(…) began.
  boost::asio::awaitable<redis_reply> eval(const redis_script& script, redis_command command,
                                           redis_call_options options = {});

  // For callers without a coroutine. `done` runs once, on the client's thread: it must be short
  // and must not wait. unavailable (at the bound, or stopped): `done` does not run.
  result<void> send(redis_command command, redis_done done, redis_call_options options = {});
  result<void> send_eval(const redis_script& script, redis_command command, redis_done done,
                         redis_call_options options = {});

  // Blocks the calling thread: for commands, start-up and tests; never on the client's thread.
  redis_reply call_and_wait(redis_command command, redis_call_options options = {});
  redis_reply eval_and_wait(const redis_script& script, const std::vector<std::string>& keys,
                            const std::vector<std::string>& args, redis_call_options options = {});

  // Whether the connection is up at this moment.
  bool connected() const;
  // How often it has come up. A call that was made while it was lost waits and does not fail, so
  // who must know of a loss compares this before and after.
  std::uint64_t times_connected() const;
  // For how long it has been lost; 0 while it is up and before it was for the first time.
  std::chrono::milliseconds away_for() const;

 protected:
  redis_caller(std::shared_ptr<redis_core> core, std::shared_ptr<redis_connection> connection);
  ~redis_caller();
  redis_call make(redis_command command, const redis_script* script, redis_done done,
                  redis_call_options options) const;

  std::shared_ptr<redis_core> core_;
  std::shared_ptr<redis_connection> connection_;
};

// A connection of its own, for calls that block in Redis (BZPOPMIN, XREAD BLOCK): give
// redis_call_options::block the time that the command names. Its end breaks what is under way.
class redis_dedicated final : public redis_caller {
 public:
  redis_dedicated(std::shared_ptr<redis_core> core, std::shared_ptr<redis_connection> connection);
  ~redis_dedicated();
  redis_dedicated(const redis_dedicated&) = delete;
  redis_dedicated& operator=(const redis_dedicated&) = delete;

  // Breaks the connection and dials anew: a call that blocks ends at once, with an unknown outcome.
  void interrupt();
};

enum class redis_channel : std::uint8_t { name, pattern, shard };  // SUBSCRIBE, P…, S…

// Both run on the client's thread: they must be short and must not wait.
struct redis_listener {
  // The channel that it was published on and the bytes; the views end with the call.
  std::function<void(std::string_view channel, std::string_view payload)> message;
  // Redis confirmed the subscription: at first, and again after each reconnect, when messages may
  // have been missed. May be empty.
  std::function<void()> live;
};

// Ends its subscription when it goes; a message may still arrive until the client's thread has
// seen that, unless it goes on that thread. Movable, not thread-safe.
class redis_subscription {
 public:
  redis_subscription() = default;
  redis_subscription(std::shared_ptr<redis_core> core, std::shared_ptr<redis_subscriber> from,
                     std::uint64_t id)
      : core_(std::move(core)), from_(std::move(from)), id_(id) {}
  redis_subscription(redis_subscription&& other) noexcept = default;
  redis_subscription& operator=(redis_subscription&& other) noexcept;
  ~redis_subscription() { end(); }
  void end();

 private:
  std::shared_ptr<redis_core> core_;
  std::shared_ptr<redis_subscriber> from_;
  std::uint64_t id_ = 0;
};

class redis_client final : public redis_caller {
 public:
  // validation, field "redis_url": the file of authorities for TLS cannot be read.
  static result<std::unique_ptr<redis_client>> make(redis_settings settings);
  ~redis_client();  // stops
  redis_client(const redis_client&) = delete;
  redis_client& operator=(const redis_client&) = delete;

  // Starts the thread and dials in the background; calls wait for the connection. Repeatable, but
  // not after stop().
  void start();
  // Ends every call as `cancelled`, its dedicated connections and subscriptions included, and
  // joins. Repeatable. Not from the client's own thread.
  void stop();

  // Runs `work` on the client's thread after `wait`, or never if the client is stopped before.
  void later(std::chrono::milliseconds wait, std::function<void()> work);

  // A new connection named `name` (CLIENT SETNAME); it is the caller's.
  std::unique_ptr<redis_dedicated> dedicated(std::string name);

  // All subscriptions of the client share one connection; many may listen to one channel.
  redis_subscription subscribe(std::string channel, redis_listener listener,
                               redis_channel how = redis_channel::name);

  const redis_settings& settings() const;
  void gather_figures(std::vector<metrics::family>& out) const;

 private:
  explicit redis_client(std::shared_ptr<redis_core> core);

  std::shared_ptr<redis_subscriber> subscriber_;
  std::thread thread_;
};

}  // namespace son1k::net
