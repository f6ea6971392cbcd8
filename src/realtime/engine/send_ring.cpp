#include "realtime/engine/send_ring.hpp"

#include <utility>

namespace son1k::realtime {
namespace {

constexpr std::size_t room_first = 8;
constexpr std::size_t room_kept_max = 32;

}  // namespace

send_ring& send_ring::operator=(send_ring&& other) noexcept {
  slots_ = std::move(other.slots_);
  room_ = std::exchange(other.room_, 0);
  head_ = std::exchange(other.head_, 0);
  count_ = std::exchange(other.count_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void send_ring::push(outgoing_ptr message) {
  if (count_ == room_) grow();
  bytes_ += message->frame().size();
  slots_[(head_ + count_++) & (room_ - 1)] = std::move(message);
}

void send_ring::pop() {
  auto& first = slots_[head_];
  bytes_ -= first->frame().size();
  first.reset();
  head_ = (head_ + 1) & (room_ - 1);
  if (--count_ == 0 && room_ > room_kept_max) clear();
}

bool send_ring::drop_latest(const std::string& key, std::size_t kept) {
  for (std::size_t n = count_; n-- > kept;) {
    const auto& one = (*this)[n];
    if (one->how() != urgency::latest || one->key() != key) continue;
    bytes_ -= one->frame().size();
    for (std::size_t next = n + 1; next < count_; ++next) {
      slots_[(head_ + next - 1) & (room_ - 1)] = std::move(slots_[(head_ + next) & (room_ - 1)]);
    }
    slots_[(head_ + --count_) & (room_ - 1)].reset();
    return true;
  }
  return false;
}

void send_ring::clear() {
  slots_.reset();
  room_ = head_ = count_ = bytes_ = 0;
}

void send_ring::grow() {
  const auto room = room_ == 0 ? room_first : room_ * 2;
  auto slots = std::make_unique<outgoing_ptr[]>(room);
  for (std::size_t n = 0; n < count_; ++n) slots[n] = std::move(slots_[(head_ + n) & (room_ - 1)]);
  slots_ = std::move(slots);
  room_ = room;
  head_ = 0;
}

}  // namespace son1k::realtime
