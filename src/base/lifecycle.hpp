// Start and stop of the program's parts in order. A `lifecycle` owns nothing: the parts belong to
// whoever wires them and must outlive it. One owner at a time; not thread-safe.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace son1k {

class lifecycle {
 public:
  lifecycle() = default;
  ~lifecycle() { stop(); }
  lifecycle(const lifecycle&) = delete;
  lifecycle& operator=(const lifecycle&) = delete;

  // A part of the program. `start` may fail; `stop` is repeatable and waits for what it began. Both
  // may be empty.
  void add(std::string name, std::function<result<void>()> start, std::function<void()> stop) {
    parts_.push_back({std::move(name), std::move(start), std::move(stop)});
  }

  // Starts what has not been started, in the order of add(). The first failure stops what runs, in
  // reverse order, and is returned.
  result<void> start() {
    for (; started_ < parts_.size(); ++started_) {
      const part& next = parts_[started_];
      if (!next.start) continue;
      if (result<void> begun = next.start(); !begun) {
        stop();
        return begun;
      }
    }
    return {};
  }

  // Stops what was started, newest first. Repeatable; start() may follow.
  void stop() {
    while (started_ > 0) {
      const part& newest = parts_[--started_];
      if (newest.stop) newest.stop();
    }
  }

 private:
  struct part {
    std::string name;
    std::function<result<void>()> start;
    std::function<void()> stop;
  };
  std::vector<part> parts_;
  std::size_t started_ = 0;
};

}  // namespace son1k
