#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace son1k {
namespace {

struct decoded {
  std::uint32_t point = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

// The table of RFC 3629 §4: lead byte decides the length and the smallest allowed value.
decoded decode(std::string_view s) {
  const auto lead = static_cast<unsigned char>(s[0]);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  std::uint32_t point = 0;
  std::uint32_t least = 0;
  if ((lead & 0xe0) == 0xc0) {
    length = 2, point = lead & 0x1f, least = 0x80;
  } else if ((lead & 0xf0) == 0xe0) {
    length = 3, point = lead & 0x0f, least = 0x800;
  } else if ((lead & 0xf8) == 0xf0) {
    length = 4, point = lead & 0x07, least = 0x10000;
  }
  if (length == 0 || s.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(s[i]);
    if ((next & 0xc0) != 0x80) return {};
    point = point << 6 | (next & 0x3f);
  }
  if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return {};
  return {point, length};
}

// How many bytes at the front are ASCII.
std::size_t ascii_run(std::string_view s) {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  std::size_t n = 0;
  for (std::uint64_t word = 0; n + sizeof word <= s.size(); n += sizeof word) {
    std::memcpy(&word, s.data() + n, sizeof word);
    if ((word & high_bits) != 0) break;
  }
  while (n < s.size() && static_cast<unsigned char>(s[n]) < 0x80) ++n;
  return n;
}

bool blank_point(std::uint32_t p) {
  return p <= 0x20 || (p >= 0x7f && p <= 0xa0) || (p >= 0x2000 && p <= 0x200f) || p == 0x2028 ||
         p == 0x2029 || p == 0x202f || p == 0x205f || p == 0x3000 || p == 0xfeff;
}

}  // namespace

std::optional<std::size_t> count_code_points(std::string_view bytes) {
  std::size_t count = 0;
  for (;;) {
    const auto plain = ascii_run(bytes);
    count += plain;
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    const auto next = decode(bytes);
    if (next.length == 0) return std::nullopt;
    bytes.remove_prefix(next.length);
    ++count;
  }
  return count;
}

bool is_blank(std::string_view utf8) {
  while (!utf8.empty()) {
    const auto next = decode(utf8);
    if (next.length == 0 || !blank_point(next.point)) return false;
    utf8.remove_prefix(next.length);
  }
  return true;
}

void keep_readable(std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto next = decode(std::string_view(text).substr(i));
    if (next.length == 0 || next.point == 0) text[i] = '?';
    i += next.length == 0 ? 1 : next.length;
  }
}

void cut_text(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
}

}  // namespace son1k
