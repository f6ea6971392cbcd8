#include "accounts/signing/ed25519.hpp"

#include <sodium.h>

#include <array>
#include <stdexcept>

#include "accounts/identity/secrets.hpp"

namespace son1k::accounts {
namespace {

static_assert(ed25519_key_bytes == crypto_sign_PUBLICKEYBYTES);
static_assert(ed25519_key_bytes == crypto_sign_SEEDBYTES);
static_assert(ed25519_signature_bytes == crypto_sign_BYTES);

constexpr std::size_t id_digits = 16;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// Both halves of a key; the secret one is wiped with it.
struct key_pair {
  explicit key_pair(std::string_view seed) {
    begin_sodium();
    if (seed.size() != ed25519_key_bytes) throw std::invalid_argument("a key has 32 bytes");
    if (crypto_sign_seed_keypair(octets(open), closed.data(), octets(seed)) != 0)
      throw std::runtime_error("Ed25519 is not available");
  }
  ~key_pair() { sodium_memzero(closed.data(), closed.size()); }
  key_pair(const key_pair&) = delete;
  key_pair& operator=(const key_pair&) = delete;

  std::string open = std::string(ed25519_key_bytes, '\0');
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> closed{};
};

}  // namespace

std::string ed25519_public_key(std::string_view secret) {
  return key_pair(secret).open;
}

std::string ed25519_sign(std::string_view secret, std::string_view message) {
  const key_pair key(secret);
  std::string out(ed25519_signature_bytes, '\0');
  crypto_sign_detached(octets(out), nullptr, octets(message), message.size(), key.closed.data());
  return out;
}

bool ed25519_verify(std::string_view public_key, std::string_view message,
                    std::string_view signature) {
  begin_sodium();
  return public_key.size() == ed25519_key_bytes && signature.size() == ed25519_signature_bytes &&
         crypto_sign_verify_detached(octets(signature), octets(message), message.size(),
                                     octets(public_key)) == 0;
}

std::string key_id_of(std::string_view public_key) {
  return digest_of(public_key).substr(0, id_digits);
}

}  // namespace son1k::accounts
