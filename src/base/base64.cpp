#include "base/base64.hpp"

#include <array>
#include <cstdint>

namespace son1k {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

using digit_table = std::array<std::uint8_t, 256>;
constexpr digit_table digits(std::string_view letters) {
  digit_table out{};
  out.fill(no_digit);
  for (std::size_t n = 0; n < letters.size(); ++n)
    out[static_cast<unsigned char>(letters[n])] = static_cast<std::uint8_t>(n);
  return out;
}
constexpr auto digit_of = digits(alphabet);
constexpr auto url_digit_of = digits(url_alphabet);

// Of a text without padding.
std::optional<std::string> decode(std::string_view text, const digit_table& table) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = table[static_cast<unsigned char>(c)];
    if (digit == no_digit) return std::nullopt;
    group = group << 6 | digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>(group >> bits & 0xff));
  }
  // What is left over must be nothing, so that a text has one form.
  if ((group & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto part = bytes.substr(at, 3);
    std::uint32_t group = 0;
    for (std::size_t n = 0; n < 3; ++n)
      group = group << 8 | (n < part.size() ? static_cast<unsigned char>(part[n]) : 0U);
    for (std::size_t n = 0; n < 4; ++n)
      out.push_back(n <= part.size() ? alphabet[group >> (18 - 6 * n) & 63] : '=');
  }
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 == 0)
    for (int n = 0; n < 2 && text.ends_with('='); ++n) text.remove_suffix(1);
  return decode(text, digit_of);
}

void append_base64url(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + (bytes.size() * 4 + 2) / 3);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto part = bytes.substr(at, 3);
    std::uint32_t group = 0;
    for (std::size_t n = 0; n < 3; ++n)
      group = group << 8 | (n < part.size() ? static_cast<unsigned char>(part[n]) : 0U);
    for (std::size_t n = 0; n <= part.size(); ++n)
      out.push_back(url_alphabet[group >> (18 - 6 * n) & 63]);
  }
}

std::optional<std::string> from_base64url(std::string_view text) {
  return decode(text, url_digit_of);
}

}  // namespace son1k
