// The limiter of a server in a cluster: that of Redis while Redis answers in time; else one of its
// own that gives each caller its part of a limit, as many as there were servers when Redis was last
// heard. So a caller who comes by all of them still gets about the limit, and one who comes by one
// of them gets less rather than nothing.
//
// A call that Redis does not answer in time goes on here, and so do all calls after it until Redis
// has answered the limiter itself, which asks every second and says that this server is there.
// What was taken on one side is not known on the other: over a loss and a return a caller may get
// twice the count at most, once here and once there.
//
// Owns the two limiters; the client must outlive it. Thread-safe.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "accounts/limits/limiter.hpp"
#include "base/metrics.hpp"
#include "net/redis/redis_client.hpp"

namespace son1k::accounts {

struct shared_limiter_settings {
  std::string servers = "son1k:{limit}-servers";  // key of who is there
  std::chrono::milliseconds answer_time{250};     // of Redis to a look
  std::chrono::milliseconds look_every{1'000};
  std::chrono::milliseconds absent_after{10'000};  // a server that has not looked for so long
};

class shared_limiter final : public limiter {
 public:
  // `all` keeps its limits in that Redis, and fails when it has no answer in time; `here` keeps
  // them in this process.
  shared_limiter(net::redis_client& redis, std::unique_ptr<limiter> all,
                 std::unique_ptr<limiter> here, shared_limiter_settings settings = {});
  ~shared_limiter();  // stop()
  shared_limiter(const shared_limiter&) = delete;
  shared_limiter& operator=(const shared_limiter&) = delete;

  boost::asio::awaitable<result<limit_verdict>> take(std::vector<limit> limits) override;

  // Looks now and from here on every look_every; without it this server does not count among the
  // others and knows of none. Once.
  void start();
  // Ends the looking and tells the others that this server goes. Repeatable; blocks as look() does.
  void stop();
  // Looks for Redis and the other servers now; blocks for answer_time at most. Not on the client's
  // thread.
  void look();

  // Redis holds the limits at this moment, as far as is known.
  bool shared() const;
  // Servers that were there when Redis was last heard, this one included.
  std::int64_t servers() const;
  void gather_figures(std::vector<metrics::family>& out) const;

 private:
  struct core;
  static void look_later(const std::shared_ptr<core>& self);

  const std::shared_ptr<core> core_;
};

}  // namespace son1k::accounts
