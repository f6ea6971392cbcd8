// The public keys of an issuer as it publishes them: a JWK set (RFC 7517, section 5; RFC 7518,
// section 6). Thread-safe: functions of values.
#pragma once
#include <string_view>
#include <vector>

#include "accounts/jwt/token_key.hpp"
#include "base/error.hpp"

namespace son1k::accounts {

inline constexpr std::size_t key_set_bytes_max = 64 * 1'024;
inline constexpr std::size_t key_set_keys_max = 32;

// The keys that may check tokens, each with an id: EC on P-256, RSA of 2,048 bits or more, for
// signatures. Others are left out, and so is a key whose private part was published with it.
// malformed, field "keys": longer than the bounds, no JSON, or no set of keys.
result<std::vector<token_key>> parse_key_set(std::string_view bytes);

}  // namespace son1k::accounts
