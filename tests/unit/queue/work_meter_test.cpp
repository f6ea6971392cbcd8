// What a piece of work is said to have cost.
#include "queue/work_meter.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <stdexcept>

namespace son1k::queue {
namespace {

std::int64_t thread_cpu_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000 + t.tv_nsec / 1'000;
}

TEST(work_meter, counts_the_processor_time_of_its_own_work) {
  run_cost cost;
  const auto before = thread_cpu_us();
  {
    const work_meter meter([&](const run_cost& c) { cost = c; });
    const auto until = thread_cpu_us() + 3'000;
    while (thread_cpu_us() < until) {
    }
  }
  EXPECT_GE(cost.cpu_us, 3'000);
  EXPECT_LE(cost.cpu_us, thread_cpu_us() - before);
}

TEST(work_meter, counts_work_that_throws) {
  run_cost cost{-1, -1};
  try {
    const work_meter meter([&](const run_cost& c) { cost = c; });
    throw std::runtime_error("no");
  } catch (const std::runtime_error&) {
  }
  EXPECT_GE(cost.cpu_us, 0);
  EXPECT_GE(cost.bytes_max, 0);
}

}  // namespace
}  // namespace son1k::queue
