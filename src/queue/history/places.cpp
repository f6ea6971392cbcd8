#include "queue/history/places.hpp"

#include <algorithm>
#include <bit>

namespace son1k::queue {
namespace {

constexpr std::int64_t low_bits = place_span_max - 1;
constexpr std::int64_t word_bits = 64;

}  // namespace

void append_place(std::string& list, std::int64_t seq) {
  list += static_cast<char>(seq >> 16 & 0xff);
  list += static_cast<char>(seq >> 8 & 0xff);
  list += static_cast<char>(seq & 0xff);
}

place_set::place_set(std::int64_t first, std::int64_t last)
    : first_(first),
      size_(std::clamp<std::int64_t>(last - first + 1, 0, place_span_max)),
      bits_(static_cast<std::size_t>((size_ + word_bits - 1) / word_bits)) {}

void place_set::add(std::string_view list) {
  for (std::size_t i = 0; i + 3 <= list.size(); i += 3) {
    const auto byte = [&](std::size_t n) -> std::int64_t {
      return static_cast<unsigned char>(list[i + n]);
    };
    const auto place = byte(0) << 16 | byte(1) << 8 | byte(2);
    const auto at = (place - first_) & low_bits;
    if (at >= size_) continue;
    bits_[static_cast<std::size_t>(at / word_bits)] |= 1ULL << (at % word_bits);
  }
}

void place_set::keep(const place_set& other) {
  for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] &= other.bits_[i];
}

void place_set::remove(const place_set& other) {
  for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] &= ~other.bits_[i];
}

bool place_set::empty() const {
  return std::all_of(bits_.begin(), bits_.end(), [](std::uint64_t word) { return word == 0; });
}

std::vector<std::int64_t> place_set::below(std::int64_t before, std::size_t max) const {
  std::vector<std::int64_t> out;
  const auto end = std::clamp<std::int64_t>(before - first_, 0, size_);
  for (auto i = (end + word_bits - 1) / word_bits; i-- > 0 && out.size() < max;) {
    auto word = bits_[static_cast<std::size_t>(i)];
    if (const auto room = end - i * word_bits; room < word_bits) word &= (1ULL << room) - 1;
    while (word != 0 && out.size() < max) {
      const auto bit = word_bits - 1 - std::countl_zero(word);
      out.push_back(first_ + i * word_bits + bit);
      word &= ~(1ULL << bit);
    }
  }
  return out;
}

}  // namespace son1k::queue
