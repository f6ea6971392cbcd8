// A clock that moves when the test says so. Thread-safe.
#pragma once
#include <atomic>

#include "base/clock.hpp"

namespace son1k::test {

class manual_clock final : public clock_port {
 public:
  explicit manual_clock(std::int64_t start_ms = 1'700'000'000'000) : now_(start_ms) {}
  std::int64_t now_ms() const override { return now_; }
  std::int64_t steady_ms() const override { return steady_; }

  // Time passes.
  void advance(std::int64_t ms) {
    steady_ += ms;
    now_ += ms;
  }
  // The machine's clock is set; no time passes.
  void set_wall(std::int64_t now_ms) { now_ = now_ms; }

 private:
  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> steady_{1'000'000};
};

}  // namespace son1k::test
