// How the queue speaks with Redis: scripts by name with the arguments that all of them share, from
// a coroutine, from a plain thread, or without waiting. Commands leave in the order of the calls.
// Thread-safe.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/redis/redis_solo.hpp"
#include "queue/redis/redis_queue.hpp"
#include "queue/redis/words.hpp"

namespace son1k::queue::redis {

// Behind base(): a mark that goes when Redis is emptied. The reconciler alone writes it.
inline constexpr std::string_view epoch_key = "s1k:epoch";

class link {
 public:
  using reply = result<net::redis_value>;

  link(net::redis_client& client, const redis_queue_settings& settings, const clock_port& clock);

  boost::asio::awaitable<reply> run(std::string script, words args);
  // Never on a thread of the client. Waits for a Redis that has just gone; once it has been away
  // for some seconds it is refused at once, for the thread may have others to serve.
  reply wait(std::string_view script, const words& args);
  void send(std::string_view script, const words& args, std::function<void(reply)> done = {});

  boost::asio::awaitable<reply> call(net::redis_command command);
  reply wait(net::redis_command command);
  void send(net::redis_command command) {  // nobody waits for its end
    (void)client_.send(std::move(command), {});
  }

  // Called with the name of the script (none: a plain command) before each call but those of the
  // scripts "note", "add" and "push". To be set before the first call.
  void before_calls(std::function<void(std::string_view script)> hook) {
    before_ = std::move(hook);
  }
  static error away();
  bool connected() const { return client_.connected(); }
  static bool only_reads(std::string_view script);

  // On the client's thread.
  void later(std::chrono::milliseconds wait, std::function<void()> work) {
    client_.later(wait, std::move(work));
  }

  // For calls that wait in Redis.
  std::unique_ptr<net::redis_dedicated> dedicated(std::string name) {
    return client_.dedicated(std::move(name));
  }
  // For a thread that does nothing but wait for Redis.
  result<std::unique_ptr<net::redis_solo>> solo(std::string name) {
    return net::redis_solo::make(client_, std::move(name));
  }

  // What all processes of a fleet call now: UTC, but steady from the start of this process, so that
  // a machine whose clock is set makes nothing due.
  std::int64_t now_ms() const { return clock_.steady_ms() + offset_ms_; }
  const std::string& base() const { return base_; }

 private:
  net::redis_command command_of(const net::redis_script& script, const words& args) const;
  result<void> there() const;
  result<void> allowed(std::string_view script, const words& args) const;
  void begin(std::string_view script) const {
    if (before_ && script != "note" && script != "add" && script != "push") before_(script);
  }

  net::redis_client& client_;
  const clock_port& clock_;
  const std::int64_t offset_ms_;
  const std::string base_;
  const bool owned_;
  const bool fleet5_;
  const std::function<result<void>(std::string_view)> refusal_;
  std::function<void(std::string_view)> before_;
};

}  // namespace son1k::queue::redis
