// Micro benchmark of the Redis client on one connection: callbacks with many calls under way,
// coroutines that wait, one call at a time. bench_redis URL [calls]; beside it, on the same server,
// redis-benchmark -c 1 -P 64 -n 1000000 -t set,get says what a client in C without time limits
// does.
#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <future>
#include <semaphore>

#include "net/redis/redis_client.hpp"

namespace {

using namespace son1k;
using namespace son1k::net;
using steady = std::chrono::steady_clock;

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

template <class Work>
void measure(std::string_view what, int calls, Work work) {
  const auto start = steady::now();
  const double cpu = cpu_seconds();
  work();
  const double took = std::chrono::duration<double>(steady::now() - start).count();
  fmt::print("{:<40} {:>9.0f} calls/s {:>7.2f} us cpu/call\n", what, calls / took,
             (cpu_seconds() - cpu) * 1e6 / calls);
}

void callbacks(redis_client& client, int calls, int under_way) {
  std::counting_semaphore<> room(under_way);
  std::atomic<int> left{calls};
  std::promise<void> all;
  for (int i = 0; i < calls; ++i) {
    room.acquire();
    const auto sent = client.send({"SET", "key:000000000001", "xxx"}, [&](redis_reply) {
      room.release();
      if (--left == 0) all.set_value();
    });
    if (!sent) std::abort();
  }
  all.get_future().wait();
}

boost::asio::awaitable<void> lane(redis_client& client, int calls) {
  for (int i = 0; i < calls; ++i) {
    auto reply = co_await client.call({"SET", "key:000000000001", "xxx"});
    if (!reply) std::abort();
  }
}

void coroutines(redis_client& client, int calls, int lanes) {
  boost::asio::io_context loop(1);
  for (int i = 0; i < lanes; ++i) {
    boost::asio::co_spawn(loop, lane(client, calls / lanes), boost::asio::detached);
  }
  loop.run();
}

}  // namespace

int main(int argc, char** argv) {
  auto settings = parse_redis_url(argc > 1 ? argv[1] : "redis://127.0.0.1:6379");
  const int calls = argc > 2 ? std::atoi(argv[2]) : 1'000'000;
  if (!settings) {
    fmt::print(stderr, "{}\n", settings.error().what());
    return 2;
  }
  auto client = redis_client::make(*settings);
  (*client)->start();
  if (auto there = (*client)->call_and_wait({"PING"}); !there) {
    fmt::print(stderr, "{}\n", there.error().what());
    return 1;
  }
  for (int under_way : {64, 1'000, 20'000}) {
    measure(fmt::format("callbacks, {} under way", under_way), calls,
            [&] { callbacks(**client, calls, under_way); });
  }
  for (int lanes : {64, 1'000}) {
    measure(fmt::format("coroutines, {} waiting", lanes), calls,
            [&] { coroutines(**client, calls, lanes); });
  }
  measure("one coroutine, one call at a time", calls / 20,
          [&] { coroutines(**client, calls / 20, 1); });
}
