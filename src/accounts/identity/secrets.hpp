// Secrets that are handed out once and kept as digests: how they are made, recognised and compared.
// Pure but for the system's random numbers; thread-safe.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace son1k::accounts {

// Libsodium may be called from then on. Repeatable.
void begin_sodium();

std::string random_bytes(std::size_t count);

// The prefix, then 256 random bits in base64url.
std::string new_secret(std::string_view prefix);

// SHA-256 in 64 hexadecimal digits: enough for what has 256 random bits, never for a password.
std::string digest_of(std::string_view secret);
// HMAC-SHA-256 (RFC 2104): 32 bytes. The key has 32 bytes.
std::string keyed_digest(std::string_view key, std::string_view message);

// In a time that tells nothing of where they differ (but of their lengths).
bool same_secret(std::string_view a, std::string_view b);

}  // namespace son1k::accounts
