#include "queue/work_meter.hpp"

#include <ctime>

// jemalloc's control call (jemalloc(3)); null where another allocator serves the program.
extern "C" int mallctl(const char* name, void* old, std::size_t* old_size, void* next,
                       std::size_t next_size) __attribute__((weak));

namespace son1k::queue {
namespace {

std::int64_t thread_cpu_us() {
  timespec t{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) return 0;
  return t.tv_sec * 1'000'000 + t.tv_nsec / 1'000;
}

// thread.peak counts from its reset: allocated less freed by this thread, at its highest.
void reset_peak() {
  if (mallctl != nullptr) mallctl("thread.peak.reset", nullptr, nullptr, nullptr, 0);
}

std::int64_t peak_bytes() {
  std::uint64_t bytes = 0;
  std::size_t size = sizeof bytes;
  if (mallctl == nullptr || mallctl("thread.peak.read", &bytes, &size, nullptr, 0) != 0) return 0;
  return static_cast<std::int64_t>(bytes);
}

}  // namespace

work_meter::work_meter(std::function<void(const run_cost&)> done)
    : done_(std::move(done)), began_us_(thread_cpu_us()) {
  reset_peak();
}

work_meter::~work_meter() {
  done_({thread_cpu_us() - began_us_, peak_bytes()});
}

}  // namespace son1k::queue
