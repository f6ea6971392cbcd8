// What the limits of a call add to it: two limits, of a user and of an address, taken as one step
// by 64 callers on 2 threads. bench_limits SECONDS [REDIS_URL]; without a Redis in this process
// alone. Prints one JSON object a row. `paced` calls come at an even rate, `closed` ones as soon as
// the one before has ended, which shows what the machine can do and not what a call waits
// otherwise.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "accounts/limits/local/local_limiter.hpp"
#include "accounts/limits/redis/redis_limiter.hpp"
#include "accounts/limits/shared_limiter.hpp"

namespace {

using namespace son1k;
using namespace son1k::accounts;
namespace asio = boost::asio;
using steady = std::chrono::steady_clock;
using asio::use_awaitable;

constexpr int callers = 64;
constexpr int threads = 2;
constexpr unsigned users = 10'000;

std::vector<limit> limits_of(unsigned user) {
  std::vector<limit> out(2);
  out[0] = {fmt::format("user:0192f0c1-7d5e-7000-8000-{:012}", user), 1'000, 60'000, 1};
  out[1] = {fmt::format("address:10.{}.{}.{}", user >> 16, user >> 8 & 255, user & 255), 100'000,
            60'000, 1};
  return out;
}

struct samples {
  std::vector<std::uint32_t> ns;
  int failed = 0;
};

// One caller. `every` of 0: the next call begins when the one before has ended and the other
// callers had their turn.
asio::awaitable<void> call_again(limiter& limits, unsigned seed, steady::time_point until,
                                 steady::duration every, samples& out) {
  const auto self = co_await asio::this_coro::executor;
  asio::steady_timer timer(self);
  std::minstd_rand dice(seed + 1);
  auto due = steady::now() + every * seed / callers;
  while (steady::now() < until) {
    if (every.count() > 0) {
      timer.expires_at(due);
      co_await timer.async_wait(use_awaitable);
      due += every;
    } else {
      co_await asio::post(self, use_awaitable);
    }
    auto wanted = limits_of(static_cast<unsigned>(dice()) % users);
    const auto begun = steady::now();
    auto verdict = co_await limits.take(std::move(wanted));
    const auto took = std::chrono::nanoseconds(steady::now() - begun).count();
    if (!verdict) ++out.failed;
    out.ns.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(took, UINT32_MAX)));
  }
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// `rate`: calls a second of all callers together, or 0.
void measure(const char* place, limiter& limits, int rate, double seconds) {
  asio::io_context loop(threads);
  const auto span =
      std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(seconds));
  const auto every =
      rate == 0 ? steady::duration(0) : steady::duration(std::chrono::seconds(callers)) / rate;
  std::vector<samples> of(callers);
  const auto cpu = cpu_seconds();
  const auto begun = steady::now();
  for (unsigned n = 0; n < callers; ++n) {
    of[n].ns.reserve(100'000);
    auto work = call_again(limits, n, begun + span, every, of[n]);
    asio::co_spawn(loop, std::move(work), asio::detached);
  }
  std::thread second([&loop] { loop.run(); });
  loop.run();
  second.join();
  const double took = std::chrono::duration<double>(steady::now() - begun).count();
  const double used = cpu_seconds() - cpu;

  std::vector<std::uint32_t> all;
  int failed = 0;
  for (const auto& one : of) {
    all.insert(all.end(), one.ns.begin(), one.ns.end());
    failed += one.failed;
  }
  std::ranges::sort(all);
  const auto at = [&](double part) {
    return static_cast<double>(
               all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))]) /
           1'000.0;
  };
  const auto calls = static_cast<double>(all.size());
  fmt::print(
      "{{\"place\":\"{}\",\"load\":\"{}\",\"calls_per_s\":{:.0f},\"us_p50\":{:.2f},"
      "\"us_p99\":{:.2f},\"us_max\":{:.0f},\"cpu_us_per_call\":{:.2f},\"failed\":{}}}\n",
      place, rate == 0 ? "closed" : "paced", calls / took, at(0.5), at(0.99), at(1.0),
      used * 1e6 / calls, failed);
}

int run(double seconds, const char* url) {
  local_limiter here(system_clock());
  measure("local", here, 0, seconds);
  measure("local", here, 10'000, seconds);
  if (url == nullptr) return 0;
  auto at = net::parse_redis_url(url);
  if (!at) return 2;
  auto client = net::redis_client::make(std::move(*at));
  if (!client) return 1;
  (*client)->start();
  shared_limiter shared(**client, std::make_unique<redis_limiter>(**client),
                        std::make_unique<local_limiter>(system_clock()));
  shared.start();
  measure("redis", shared, 2'000, seconds);
  measure("redis", shared, 10'000, seconds);
  measure("redis", shared, 0, seconds);
  return shared.shared() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "bench_limits SECONDS [REDIS_URL]\n");
    return 2;
  }
  return run(std::atof(argv[1]), argc > 2 ? argv[2] : nullptr);
}
