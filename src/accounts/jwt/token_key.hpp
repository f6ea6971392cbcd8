// What the signature of a token is checked with: a secret (HS256), a public point on P-256 (ES256)
// or a public RSA number (RS256); RFC 7518, section 3. A key has one algorithm, which no token can
// change.
//
// Threads: immutable; copies share the key.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace son1k::accounts {

inline constexpr std::size_t token_secret_bytes_min = 32;  // RFC 7518, 3.2

class token_key {
 public:
  // Each fails with `validation` and says why. `id` is the `kid` that tokens name the key by; empty
  // fits every token.
  static result<token_key> hs256(std::string_view secret, std::string id = "");
  // The coordinates of a point on the curve, 32 bytes each.
  static result<token_key> es256(std::string_view x, std::string_view y, std::string id = "");
  // Modulus (2,048 to 8,192 bits) and exponent (odd, 3 or more, at most 8 bytes), both without
  // leading zeros.
  static result<token_key> rs256(std::string_view modulus, std::string_view exponent,
                                 std::string id = "");

  std::string_view algorithm() const;  // as a token's header names it
  const std::string& id() const { return id_; }
  // Takes the same time for every signature of an HS256 key.
  bool fits(std::string_view signed_part, std::string_view signature) const;
  // The signature; empty but for HS256.
  std::string sign(std::string_view part) const;

 private:
  struct material;
  token_key(std::shared_ptr<const material> m, std::string id)
      : material_(std::move(m)), id_(std::move(id)) {}
  std::shared_ptr<const material> material_;
  std::string id_;
};

}  // namespace son1k::accounts
