// What makes two failures the same: the place where they happened and their error without what
// differs from one to the next. Pure; thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace son1k::queue {

// FNV-1a, 64 bits; `seed` continues an earlier part.
inline constexpr std::uint64_t hash_seed = 0xcbf29ce484222325ULL;
constexpr std::uint64_t hash_of(std::string_view text, std::uint64_t seed = hash_seed) {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return seed;
}

// As it stands in an indexed column.
constexpr std::int64_t key_of(std::string_view text) {
  return static_cast<std::int64_t>(hash_of(text));
}

// An error text with its particulars replaced: quoted texts by <text>, addresses by <address>,
// paths by <path>, identifiers and hexadecimal numbers by <id>, numbers by <n>; white space is one
// space. Only the first 2,000 bytes count.
std::string general_form(std::string_view message);

// 16 hexadecimal digits.
std::string fingerprint_of(std::string_view queue, std::string_view kind, std::string_view code,
                           std::string_view message);

}  // namespace son1k::queue
