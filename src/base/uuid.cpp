#include "base/uuid.hpp"

#include <sys/random.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>

#include "base/clock.hpp"

namespace son1k {
namespace {

// Random bytes from the kernel, drawn in blocks because one system call an id would be the id's
// cost.
class random_block {
 public:
  std::uint64_t next() {
    if (used_ == words_.size()) refill();
    return words_[used_++];
  }

 private:
  void refill() {
    if (getrandom(words_.data(), sizeof words_, 0) != static_cast<ssize_t>(sizeof words_)) {
      throw std::runtime_error("the kernel gives no random bytes");
    }
    used_ = 0;
  }

  std::array<std::uint64_t, 32> words_{};
  std::size_t used_ = words_.size();
};

// The last stamp given out by this process: 48 bits of milliseconds, then the 12 bits of "rand_a"
// as a counter (method 1 of RFC 9562 §6.2). One for all threads, because a history that is read
// in the order of its ids must not turn around what two threads made within one millisecond.
std::atomic<std::uint64_t> last_stamp{0};

// A stamp above every earlier one. A millisecond's count begins at a random place in its lower
// quarter; one that is used up, or a clock that went back, borrows from the milliseconds to come.
std::uint64_t next_stamp(std::uint64_t now_ms, std::uint64_t random) {
  const std::uint64_t fresh = (now_ms << 12) | (random & 0x3ff);
  std::uint64_t last = last_stamp.load(std::memory_order_relaxed);
  std::uint64_t stamp = 0;
  do {
    stamp = (last >> 12) < now_ms ? fresh : last + 1;
  } while (!last_stamp.compare_exchange_weak(last, stamp, std::memory_order_relaxed));
  return stamp;
}

}  // namespace

std::string uuid_v7() {
  thread_local random_block random;
  const auto now = static_cast<std::uint64_t>(system_clock().now_ms());
  const std::uint64_t stamp = next_stamp(now, random.next());
  const std::uint64_t high = ((stamp >> 12) << 16) | 0x7000u | (stamp & 0xfff);
  const std::uint64_t low = (random.next() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;

  static constexpr char digits[] = "0123456789abcdef";
  std::string out(36, '-');
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) ++at;
    const std::uint64_t half = nibble < 16 ? high : low;
    out[at++] = digits[(half >> (60 - 4 * (nibble & 15))) & 15];
  }
  return out;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace son1k
