// A connection to Redis that the calling thread drives itself: for a thread that only waits for
// what Redis says (XREAD BLOCK), and hears it without another thread in between. It connects, and
// comes back, as those of a redis_client do (redis_client.hpp), but only while it is asked. One
// thread asks; end() is for any thread.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "net/redis/redis_client.hpp"

namespace son1k::net {

class redis_solo final : private redis_caller {
 public:
  // To the Redis of `like`, under a name of its own (CLIENT SETNAME).
  static result<std::unique_ptr<redis_solo>> make(const redis_client& like, std::string name);
  ~redis_solo();

  // The reply, or why there is none: redis_errors.hpp.
  redis_reply ask(redis_command command, redis_call_options options = {});
  // What is under way ends as cancelled, and all that is asked later fails. Repeatable.
  void end();

 private:
  redis_solo(std::shared_ptr<redis_core> core, std::shared_ptr<redis_connection> connection);
  void run_one();

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
};

}  // namespace son1k::net
