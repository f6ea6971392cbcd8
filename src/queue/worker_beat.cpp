#include "queue/worker_beat.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>

#include "base/log.hpp"

namespace son1k::queue {
namespace {

std::string host_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return "localhost";
  return host.data();
}

// The second number of /proc/self/statm (proc(5)); 0 where there is none.
std::int64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long pages = 0;
  const bool read = std::fscanf(file, "%*s %ld", &pages) == 1;
  std::fclose(file);
  return read ? pages * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

worker_beat::worker_beat(job_runs& queue, const worker_settings& settings, const clock_port& clock,
                         worker_loop& loop, std::function<void()> asked_to_drain)
    : queue_(queue), loop_(loop), asked_to_drain_(std::move(asked_to_drain)) {
  facts_.name = settings.name;
  facts_.host = host_name();
  facts_.pid = getpid();
  facts_.version = settings.version;
  facts_.queues = settings.queues;
  facts_.slots = static_cast<std::int64_t>(settings.concurrency);
  facts_.started_at_ms = clock.now_ms();
}

void worker_beat::tell() {
  facts_.busy = static_cast<std::int64_t>(loop_.stats().running);
  facts_.rss_bytes = resident_bytes();
  facts_.draining = draining_;
  const worker_order order = queue_.beat(facts_);
  if (order.paused != facts_.paused) {
    facts_.paused = order.paused;
    log::info(order.paused ? "worker.paused" : "worker.resumed", {{"worker", facts_.name}});
    loop_.pause(order.paused);
  }
  if (order.drain && !told_drain_ && !draining_) {
    told_drain_ = true;
    log::info("worker.asked_to_drain", {{"worker", facts_.name}});
    asked_to_drain_();
  }
}

}  // namespace son1k::queue
