// Ed25519 signatures (RFC 8032) by libsodium. Keys and signatures are raw bytes. Thread-safe.
#pragma once
#include <string>
#include <string_view>

namespace son1k::accounts {

inline constexpr std::size_t ed25519_key_bytes = 32;  // of a public key, and of a secret's seed
inline constexpr std::size_t ed25519_signature_bytes = 64;

std::string ed25519_public_key(std::string_view secret);
std::string ed25519_sign(std::string_view secret, std::string_view message);
// False also for a key or signature of a wrong length, and for keys of small order.
bool ed25519_verify(std::string_view public_key, std::string_view message,
                    std::string_view signature);

// By which a public key is named: the first 16 hexadecimal digits of its SHA-256.
std::string key_id_of(std::string_view public_key);

}  // namespace son1k::accounts
