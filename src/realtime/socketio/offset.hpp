// The offset of a broadcast as it can be compared: two numbers, "1700000000000-5".
#pragma once
#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace son1k::realtime {

struct io_offset {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const io_offset&) const = default;
};

inline std::optional<io_offset> read_offset(std::string_view text) {
  io_offset out;
  const auto* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, out.high);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, out.low);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return out;
}

}  // namespace son1k::realtime
