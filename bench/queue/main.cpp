// The embedded queue by itself, without worker runtime or HTTP: add -> claim -> complete through
// the port, durable, on a real file. Prints one JSON object.
//   bench_queue [folder] [jobs] [batch] [lanes] [waiting jobs for the memory figure]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "queue/embedded/embedded_queue.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace {

namespace asio = boost::asio;
using namespace son1k;
using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

double cpu_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(use.ru_utime) + of(use.ru_stime);
}

double rss_bytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void give_up(const error& why) {
  std::fprintf(stderr, "bench_queue: %s\n", why.what().c_str());
  std::exit(1);
}

queue::job_spec no_op() {
  queue::job_spec s;
  s.queue = "bench";
  s.kind = "probe";
  s.data = R"({"sleepMs":0,"result":{"ok":1}})";
  return s;
}

asio::awaitable<void> add_jobs(queue::queue_port& q, std::size_t jobs, std::size_t batch) {
  for (std::size_t done = 0; done < jobs; done += batch) {
    std::vector<queue::job_spec> specs(std::min(batch, jobs - done), no_op());
    auto ok = co_await q.add(std::move(specs));
    if (!ok) give_up(ok.error());
  }
}

asio::awaitable<void> run_jobs(queue::queue_port& q, std::atomic<std::size_t>& left,
                               std::size_t batch) {
  while (left > 0) {
    queue::claim_request request;
    request.queue = "bench";
    request.worker = "bench";
    request.max = batch;
    request.wait_ms = 5'000;
    auto jobs = co_await q.claim(std::move(request));
    if (!jobs) give_up(jobs.error());
    if (jobs->empty()) continue;
    std::vector<queue::finish_request> ends(jobs->size());
    for (std::size_t n = 0; n < ends.size(); ++n) {
      ends[n].held = std::move((*jobs)[n].held);
      ends[n].how = queue::outcome::complete(R"({"ok":1})");
    }
    const auto replies = co_await q.finish(std::move(ends));
    for (const auto& r : replies)
      if (!r) give_up(r.error());
    if ((left -= replies.size()) == 0) q.end_waits("bench");
  }
}

struct figure {
  double per_s = 0;
  double cpu_us = 0;
};

figure measure(std::size_t jobs, asio::io_context& loop) {
  const auto cpu = cpu_seconds();
  const auto start = clock_type::now();
  loop.run();
  const auto wall = seconds_since(start);
  const auto n = static_cast<double>(jobs);
  return {n / wall, (cpu_seconds() - cpu) / n * 1e6};
}

figure lifecycle(queue::queue_port& q, std::size_t jobs, std::size_t batch, std::size_t lanes) {
  asio::io_context loop(1);
  std::atomic<std::size_t> left = jobs;
  for (std::size_t n = 0; n < lanes; ++n) {
    asio::co_spawn(loop, add_jobs(q, jobs / lanes + (n < jobs % lanes ? 1 : 0), batch),
                   asio::detached);
    asio::co_spawn(loop, run_jobs(q, left, batch), asio::detached);
  }
  return measure(jobs, loop);
}

std::vector<double> idle_latency_ms(queue::queue_port& q, std::size_t samples) {
  std::vector<double> out;
  std::atomic<std::int64_t> ended{0};
  auto heard = q.subscribe([&](const queue::job_event& e) {
    if (e.type == queue::event_type::completed)
      ended = clock_type::now().time_since_epoch().count();
  });
  asio::io_context working(1), adding(1);
  std::atomic<std::size_t> left = samples;
  asio::co_spawn(working, run_jobs(q, left, 1), asio::detached);
  std::thread worker([&] { working.run(); });
  for (std::size_t n = 0; n < samples; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ended = 0;
    const auto start = clock_type::now().time_since_epoch().count();
    auto done = asio::co_spawn(adding, add_jobs(q, 1, 1), asio::use_future);
    adding.restart();
    adding.run();
    done.get();
    while (ended == 0) std::this_thread::yield();
    out.push_back(static_cast<double>(ended - start) / 1e6);
  }
  worker.join();
  std::sort(out.begin(), out.end());
  return out;
}

double bytes_a_waiting_job(queue::queue_port& q, std::size_t jobs) {
  if (jobs == 0) return 0;
  const auto before = rss_bytes();
  asio::io_context loop(1);
  asio::co_spawn(loop, add_jobs(q, jobs, 1'000), asio::detached);
  loop.run();
  return (rss_bytes() - before) / static_cast<double>(jobs);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int n, std::size_t usual) {
    return argc > n ? static_cast<std::size_t>(std::stoull(argv[n])) : usual;
  };
  const std::filesystem::path folder = argc > 1 ? argv[1] : "bench-queue-data";
  const auto jobs = number(2, 300'000), batch = number(3, 1'000), lanes = number(4, 4);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  store::sqlite_settings settings;
  settings.file = folder / "queue.db";
  auto db = store::open_sqlite(settings);
  if (!db) give_up(db.error());
  if (auto ok = (*db)->migrate(); !ok) give_up(ok.error());
  {
    auto q = queue::make_embedded_queue(**db, {}, system_clock());
    lifecycle(*q, 20'000, batch, lanes);
    const auto whole = lifecycle(*q, jobs, batch, lanes);
    const auto waits = idle_latency_ms(*q, std::min<std::size_t>(jobs, 500));
    const auto bytes = bytes_a_waiting_job(*q, number(5, 0));
    std::printf(
        "{\"backend\":\"embedded\",\"fsync\":true,\"jobs\":%zu,\"batch\":%zu,\"lanes\":%zu,"
        "\"lifecycle_per_s\":%.0f,\"cpu_us_per_job\":%.2f,\"latency_ms_p50\":%.3f,"
        "\"latency_ms_p99\":%.3f,\"bytes_per_waiting_job\":%.0f}\n",
        jobs, batch, lanes, whole.per_s, whole.cpu_us, waits[waits.size() / 2],
        waits[waits.size() * 99 / 100], bytes);
  }
  (*db)->stop();
  std::filesystem::remove_all(folder);
  return 0;
}
