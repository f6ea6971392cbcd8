// What holds back the starts of a queue or of a group: how many may run at once, and how many may
// start in a window of time. Counts also what no limit holds, so that a limit set later is right
// from its first moment. Steady milliseconds come in as arguments. Not thread-safe.
#pragma once
#include <cstdint>
#include <memory>

#include "queue/control.hpp"
#include "queue/rate_limiter.hpp"

namespace son1k::queue::embedded {

class start_gate {
 public:
  // Starts that a former rate has booked count for the new one.
  void set(std::int64_t concurrency, const std::optional<rate_limit>& rate);

  // As many run as may. Ends when one of them ends.
  bool full() const { return concurrency_ > 0 && running_ >= concurrency_; }
  // Milliseconds until the rate allows a start; 0: now.
  std::int64_t wait_ms(std::int64_t steady) const { return rate_ ? rate_->wait_ms(steady) : 0; }
  bool runs_none() const { return running_ == 0; }
  // Nothing that it has seen matters any more.
  bool forgettable(std::int64_t steady) const;

  void started(std::int64_t steady) {
    ++running_;
    if (rate_) rate_->take(1, steady);
  }
  // A start of an earlier process, for the rate.
  void book(std::int64_t steady) {
    if (rate_) rate_->book(steady);
  }
  void ended() { --running_; }
  // A start that did not come to be; call it in place of ended().
  void undone() {
    --running_;
    if (rate_) rate_->give_back();
  }

 private:
  std::int64_t concurrency_ = 0;
  std::int64_t running_ = 0;
  std::unique_ptr<rate_limiter> rate_;
};

}  // namespace son1k::queue::embedded
