// The workers that are there, and what each is asked to do. Thread-safe, with a lock of its own: a
// beat must never wait for the schedule.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "queue/runs.hpp"

namespace son1k::queue::embedded {

class worker_board {
 public:
  explicit worker_board(const clock_port& clock) : clock_(clock) {}

  worker_order beat(const worker_facts& facts);
  void leave(const std::string& worker);
  std::vector<worker_facts> workers();  // by name
  result<void> order(const std::string& worker, worker_order what);

 private:
  struct place {
    worker_facts facts;
    worker_order order;
    std::int64_t seen = 0;  // steady ms
  };
  void forget_silent(std::int64_t steady);

  const clock_port& clock_;
  std::mutex mutex_;
  std::map<std::string, place> places_;
};

}  // namespace son1k::queue::embedded
