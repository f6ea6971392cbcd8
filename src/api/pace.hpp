// How fast pieces are made here: a running mean of seconds of work per second of music, learnt from
// the pieces that ended in this process. Until the first one ends there is nothing to estimate
// from, and nothing is claimed. Thread-safe.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "queue/queue.hpp"

namespace son1k::api {

class pace {
 public:
  void learn(double work_seconds, double music_seconds) {
    if (work_seconds <= 0.0 || music_seconds <= 0.0) return;
    const double now = work_seconds / music_seconds;
    const double before = ratio_.load(std::memory_order_relaxed);
    // One writer at a time is the rule (the event thread), so load and store need not be one step.
    ratio_.store(before == 0.0 ? now : before + weight * (now - before), std::memory_order_relaxed);
  }

  // Seconds until a piece of `music_seconds` is done, when `before` pieces like it go first and
  // `slots` are made at once.
  std::optional<double> estimate(double music_seconds, std::int64_t before,
                                 std::size_t slots) const {
    const double ratio = ratio_.load(std::memory_order_relaxed);
    if (ratio == 0.0) return std::nullopt;
    const double rounds = 1.0 + static_cast<double>(before) / static_cast<double>(slots);
    return ratio * music_seconds * rounds;
  }

 private:
  static constexpr double weight = 0.2;  // of the newest piece
  std::atomic<double> ratio_{0.0};
};

// Listens for pieces that end; until the handle is released.
std::shared_ptr<void> learn_pace(queue::queue_port& queue, std::shared_ptr<pace> learner);

}  // namespace son1k::api
