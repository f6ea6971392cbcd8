// What a session has still to write: shared messages in order, without an allocation of their own.
// Not thread-safe.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "realtime/engine/outgoing.hpp"

namespace son1k::realtime {

class send_ring {
 public:
  send_ring() = default;
  send_ring(send_ring&& other) noexcept { *this = std::move(other); }
  send_ring& operator=(send_ring&& other) noexcept;

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  std::size_t bytes() const { return bytes_; }  // of frames
  const outgoing_ptr& operator[](std::size_t n) const { return slots_[(head_ + n) & (room_ - 1)]; }
  void push(outgoing_ptr message);
  void pop();
  // Takes out the newest message of urgency::latest with that key, but not one of the first `kept`.
  // False: there is none.
  bool drop_latest(const std::string& key, std::size_t kept);
  void clear();

 private:
  void grow();

  std::unique_ptr<outgoing_ptr[]> slots_;
  std::size_t room_ = 0;  // a power of two
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace son1k::realtime
