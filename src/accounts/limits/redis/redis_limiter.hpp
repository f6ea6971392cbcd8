// The limiter of many processes: one key a bucket in Redis, one script a step. Time is that of
// Redis, so that the clocks of the processes need not agree. Callers that come while two calls are
// under way share the next one: with many at once that is a tenth of the calls, and alone nobody
// waits.
#pragma once
#include <chrono>
#include <memory>

#include "accounts/limits/limiter.hpp"
#include "base/clock.hpp"
#include "net/redis/redis_client.hpp"

namespace son1k::accounts {

struct redis_limiter_settings {
  // Before each key. With a cluster it has a hash tag, since one step touches several keys.
  std::string prefix = "son1k:{limit}:";
  const clock_port* clock = nullptr;         // in place of Redis's time, for tests
  std::chrono::milliseconds answer_time{0};  // of one call; 0: as the client has it
};

class redis_limiter final : public limiter {
 public:
  // The client must outlive it.
  explicit redis_limiter(net::redis_client& redis, redis_limiter_settings settings = {});

  boost::asio::awaitable<result<limit_verdict>> take(std::vector<limit> limits) override;

 private:
  class line;
  const std::shared_ptr<line> line_;
};

}  // namespace son1k::accounts
