#include "accounts/identity/secrets.hpp"

#include <sodium.h>

#include <stdexcept>

#include "base/base64.hpp"

namespace son1k::accounts {
namespace {

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

void begin_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw std::runtime_error("libsodium cannot be used on this machine");
}

std::string random_bytes(std::size_t count) {
  begin_sodium();
  std::string out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

std::string new_secret(std::string_view prefix) {
  std::string out(prefix);
  append_base64url(out, random_bytes(32));
  return out;
}

std::string digest_of(std::string_view secret) {
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, octets(secret), secret.size());
  std::string out(2 * sizeof digest + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), digest, sizeof digest);
  out.pop_back();
  return out;
}

std::string keyed_digest(std::string_view key, std::string_view message) {
  if (key.size() != crypto_auth_hmacsha256_KEYBYTES)
    throw std::invalid_argument("a key of 32 bytes is needed");
  std::string out(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256(octets(out), octets(message), message.size(), octets(key));
  return out;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace son1k::accounts
