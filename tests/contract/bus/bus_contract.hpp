// Nodes of one installation for the contract of the `bus` port, and what they hear.
#pragma once
#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <future>
#include <thread>

#include "realtime/bus/local/local_bus.hpp"
#include "realtime/bus/redis/stream_bus.hpp"
#include "support/manual_clock.hpp"
#include "support/redis_server.hpp"

namespace son1k::realtime::test {
inline constexpr std::size_t kept_max = 100;
inline constexpr std::chrono::seconds patience{60};

// Three nodes of one installation.
struct backend {
  virtual ~backend() = default;
  virtual void wait_ms(std::int64_t ms) = 0;
  std::vector<std::unique_ptr<bus>> nodes;
};

struct local_backend final : backend {
  local_backend() {
    local_bus_settings settings;
    settings.messages_max = kept_max;
    auto shared = make_local_exchange(clock, settings);
    for (int n = 0; n < 3; ++n) nodes.push_back(make_local_bus(shared));
  }
  void wait_ms(std::int64_t ms) override { clock.advance(ms); }
  son1k::test::manual_clock clock;
};

inline son1k::test::redis_server& one_server() {
  static son1k::test::redis_server server;
  return server;
}

inline std::unique_ptr<net::redis_client> client_of(const son1k::test::redis_server& server) {
  auto client = net::redis_client::make(net::parse_redis_url(server.url()).value()).value();
  client->start();
  return client;
}

inline stream_bus_settings own_names() {
  static int place = 0;
  stream_bus_settings settings;
  settings.stream = "bus-" + std::to_string(++place);
  settings.sessions = settings.stream + ":session:";
  settings.messages_max = kept_max;
  return settings;
}

struct redis_backend final : backend {
  redis_backend() {
    const auto settings = own_names();
    for (int n = 0; n < 3; ++n) {
      clients.push_back(client_of(one_server()));
      nodes.push_back(make_stream_bus(*clients.back(), settings).value());
    }
  }
  ~redis_backend() override { nodes.clear(); }
  void wait_ms(std::int64_t ms) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  }
  std::vector<std::unique_ptr<net::redis_client>> clients;
};

// What a node hears, as "data@namespace"; a gap is "gap".
class heard {
 public:
  explicit heard(bus& node) {
    bus_listener listener;
    listener.message = [this](const bus_message& m) { note(m.data + "@" + m.space, m); };
    listener.gap = [this] { note("gap", {}); };
    listening_ = node.listen(std::move(listener));
  }
  void end() { listening_.reset(); }
  // Once there are that many, or as many as came in good time.
  std::vector<std::string> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return texts_.size() >= count; });
    return texts_;
  }
  std::vector<bus_message> messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  void note(std::string text, const bus_message& m) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
    messages_.push_back(m);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
  std::vector<bus_message> messages_;
  bus_listening listening_;
};

template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context loop;
  auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
  loop.run();
  return future.get();
}

inline bus_message saying(std::string data, std::string space = "/") {
  bus_message m;
  m.data = std::move(data);
  m.space = std::move(space);
  return m;
}

inline std::string publish(bus& from, bus_message m) {
  auto offset = run(from.publish(std::move(m)));
  EXPECT_TRUE(offset) << offset.error().what();
  return offset ? *offset : "";
}

inline std::vector<std::string> texts(const std::vector<bus_message>& messages) {
  std::vector<std::string> out;
  for (const auto& m : messages) out.push_back(m.data);
  return out;
}

}  // namespace son1k::realtime::test
