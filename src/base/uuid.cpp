#include "base/uuid.hpp"

#include <sys/random.h>

#include <array>
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

struct generator {
  random_block random;
  std::uint64_t last_ms = 0;
  std::uint32_t counter = 0;  // 12 bits, "rand_a" used as method 1 of RFC 9562 §6.2
};

}  // namespace

std::string uuid_v7() {
  thread_local generator state;
  auto now = static_cast<std::uint64_t>(system_clock().now_ms());
  if (now > state.last_ms) {
    state.last_ms = now;
    state.counter = static_cast<std::uint32_t>(state.random.next() & 0x3ff);
  } else if (++state.counter > 0xfff) {
    ++state.last_ms;
    state.counter = 0;
  }
  const std::uint64_t high = (state.last_ms << 16) | 0x7000u | state.counter;
  const std::uint64_t low = (state.random.next() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;

  static constexpr char digits[] = "0123456789abcdef";
  std::string out(36, '-');
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) ++at;
    const std::uint64_t word = nibble < 16 ? high : low;
    out[at++] = digits[(word >> (60 - 4 * (nibble & 15))) & 15];
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
