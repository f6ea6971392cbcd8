// What a piece of work costs on the thread that does it: its CPU time and, where jemalloc is the
// allocator, the memory that it held at its highest. Made and destroyed on that thread, around the
// work; one at a time on a thread.
#pragma once
#include <cstdint>
#include <functional>

#include "queue/job.hpp"

namespace son1k::queue {

class work_meter {
 public:
  explicit work_meter(std::function<void(const run_cost&)> done);
  ~work_meter();  // tells `done`, also when the work throws
  work_meter(const work_meter&) = delete;
  work_meter& operator=(const work_meter&) = delete;

 private:
  const std::function<void(const run_cost&)> done_;
  const std::int64_t began_us_;
};

}  // namespace son1k::queue
