#include "realtime/engine/session_id.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/log.hpp"

namespace son1k::realtime {
namespace {

// 20 random characters of six bits, two of the reactor, the node's name.
constexpr std::size_t random_chars = 20;
constexpr std::size_t fixed_chars = random_chars + 2;
constexpr std::size_t node_chars_max = 64;
constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool is_digit(char c) {
  return digits.find(c) != std::string_view::npos;
}

}  // namespace

std::string new_session_id(std::size_t reactor, std::string_view node) {
  std::array<unsigned char, random_chars> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    log::error("engine.no_random_bytes");
    std::abort();
  }
  std::string out;
  out.reserve(fixed_chars + node.size());
  for (const auto byte : bytes) out += digits[byte & 63];
  out += digits[(reactor >> 6) & 63];
  out += digits[reactor & 63];
  out += node;
  return out;
}

std::optional<session_place> read_session_id(std::string_view id) {
  if (id.size() < fixed_chars || id.size() > fixed_chars + node_chars_max) return std::nullopt;
  if (!std::all_of(id.begin(), id.end(), is_digit)) return std::nullopt;
  const auto high = digits.find(id[random_chars]);
  const auto low = digits.find(id[random_chars + 1]);
  return session_place{high << 6 | low, id.substr(fixed_chars)};
}

}  // namespace son1k::realtime
