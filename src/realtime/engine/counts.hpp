// What a reactor's part of an Engine.IO server counts. Written by its reactor only, read by anyone.
#pragma once
#include <atomic>
#include <cstdint>

namespace son1k::realtime {

// One writer, so that counting needs no locked instruction.
class tally {
 public:
  void operator++() { *this += 1; }
  void operator--() { *this += static_cast<std::uint64_t>(-1); }
  void operator+=(std::uint64_t more) {
    value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// As in engine_figures.
struct engine_counts {
  tally polling, websocket, opened, upgraded, packets_in, packets_out, bytes_in, bytes_out, dropped,
      cut, timed_out;
};

}  // namespace son1k::realtime
