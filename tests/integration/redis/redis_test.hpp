// A client of a server that a test started, and coroutines run to their end on a loop of the
// test's own.
#pragma once
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/redis/redis_client.hpp"
#include "support/redis_server.hpp"

namespace son1k::net {

using namespace std::chrono_literals;
using test::redis_server;
using client_ptr = std::unique_ptr<redis_client>;
using change_settings = std::function<void(redis_settings&)>;

inline client_ptr connect(const std::string& url, change_settings change = {}) {
  auto settings = parse_redis_url(url);
  if (!settings) throw std::runtime_error(settings.error().what());
  if (change) change(*settings);
  auto made = redis_client::make(std::move(*settings));
  if (!made) throw std::runtime_error(made.error().what());
  (*made)->start();
  return std::move(*made);
}

inline void run(boost::asio::awaitable<void> task) {
  boost::asio::io_context loop;
  std::exception_ptr escaped;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e) { escaped = e; });
  loop.run();
  if (escaped) std::rethrow_exception(escaped);
}

// Waits for what only another process can tell; throws after twenty seconds.
template <class Condition>
void until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain");
    std::this_thread::yield();
  }
}

// What other threads tell a test; it waits for it with a bound.
class news {
 public:
  void add(std::string text) {
    const std::lock_guard hold(lock_);
    all_.push_back(std::move(text));
    changed_.notify_all();
  }
  // Whether `enough` became true of all that was told.
  template <class Enough>
  bool wait(Enough enough, std::chrono::milliseconds most = 20s) {
    std::unique_lock hold(lock_);
    return changed_.wait_for(hold, most, [&] { return enough(all_); });
  }
  bool wait_for(const std::string& text) {
    return wait([&](const auto& all) { return std::ranges::find(all, text) != all.end(); });
  }
  std::vector<std::string> all() {
    const std::lock_guard hold(lock_);
    return all_;
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

// A figure of the client by its name.
inline double figure_of(const redis_client& client, const std::string& name) {
  std::vector<metrics::family> families;
  client.gather_figures(families);
  for (const auto& family : families) {
    if (family.name == name && !family.samples.empty()) return family.samples.front().value;
  }
  return -1;
}

// A server's end is seen a little later; until then a call may still leave for it.
inline void await_loss(const redis_client& client) {
  until([&] { return figure_of(client, "son1k_redis_connections_lost_total") >= 1; });
}

// A missing Redis skips on a developer's machine and fails where CI=true.
class redis_test : public testing::Test {
 protected:
  void SetUp() override {
    if (redis_server::available()) return;
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string(ci) == "true") FAIL() << "redis-server is not installed";
    GTEST_SKIP() << "redis-server is not installed";
  }
};

}  // namespace son1k::net
