// Nodes of one installation for the contract of the `cluster` port. A backend makes them over
// whatever they share; a further one is a row in backends.cpp.
#pragma once
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "net/redis/redis_client.hpp"
#include "realtime/socketio/cluster.hpp"
#include "support/manual_clock.hpp"
#include "support/realtime/fake_peer.hpp"
#include "support/redis_server.hpp"

namespace son1k::realtime::test {

struct cluster_backend {
  virtual ~cluster_backend() = default;
  virtual std::unique_ptr<cluster> make() = 0;
  // Time passes for the nodes; what they share keeps its own.
  virtual void advance(std::int64_t ms) = 0;
  virtual void wait_for_kept_ms(std::int64_t ms) = 0;
  // Whether connections can be recovered; without it everything about that is not_found.
  virtual bool recovers() const { return true; }
};
struct backend_row {
  const char* name;
  std::unique_ptr<cluster_backend> (*make)();
};
inline void PrintTo(const backend_row& row, std::ostream* out) {
  *out << row.name;
}
std::vector<backend_row> backend_rows();

// What the Redis ones of a test stand on: a server of its own.
std::unique_ptr<net::redis_client> client_of(const son1k::test::redis_server& server);

template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context loop;
  auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
  auto held = boost::asio::make_work_guard(loop);
  while (future.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop.run_one();
  return future.get();
}

inline io_broadcast saying(std::string json, room_selection whom = {}) {
  io_broadcast out;
  out.event.json = std::move(json);
  out.whom = std::move(whom);
  return out;
}

}  // namespace son1k::realtime::test
