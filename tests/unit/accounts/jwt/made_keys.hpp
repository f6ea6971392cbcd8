// Keys and tokens that an issuer elsewhere would make: sound ones, and whatever else a test wants
// signed. Not thread-safe.
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.hpp"

namespace son1k::test {

inline std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64url(out, bytes);
  return out;
}

// A private key of P-256 or RSA with 2,048 bits.
class made_key {
 public:
  static made_key point(std::string id) { return {EVP_EC_gen("P-256"), "ES256", std::move(id)}; }
  static made_key modulus(std::string id, unsigned bits = 2'048) {
    return {EVP_RSA_gen(bits), "RS256", std::move(id)};
  }

  const std::string& id() const { return id_; }
  const std::string& algorithm() const { return algorithm_; }

  // A public part by its name in OpenSSL, big-endian, `bytes` long or as long as needed.
  std::string part(const char* name, int bytes = 0) const {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &n);
    std::string out(static_cast<std::size_t>(bytes != 0 ? bytes : BN_num_bytes(n)), '\0');
    BN_bn2binpad(n, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(n);
    return out;
  }
  std::string x() const { return part(OSSL_PKEY_PARAM_EC_PUB_X, 32); }
  std::string y() const { return part(OSSL_PKEY_PARAM_EC_PUB_Y, 32); }
  std::string n() const { return part(OSSL_PKEY_PARAM_RSA_N); }
  std::string e() const { return part(OSSL_PKEY_PARAM_RSA_E); }

  // The public key as a member of a JWK set.
  std::string jwk() const {
    const auto head = R"({"kid":")" + id_ + R"(","use":"sig","alg":")" + algorithm_ + "\",";
    if (algorithm_ == "ES256") {
      return head + R"("kty":"EC","crv":"P-256","x":")" + encoded(x()) + R"(","y":")" +
             encoded(y()) + "\"}";
    }
    return head + R"("kty":"RSA","n":")" + encoded(n()) + R"(","e":")" + encoded(e()) + "\"}";
  }

  std::string sign(std::string_view part) const {
    auto* context = EVP_MD_CTX_new();
    std::array<unsigned char, 1'024> bytes;
    std::size_t size = bytes.size();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get());
    EVP_DigestSign(context, bytes.data(), &size,
                   reinterpret_cast<const unsigned char*>(part.data()), part.size());
    EVP_MD_CTX_free(context);
    if (algorithm_ == "RS256") return {reinterpret_cast<const char*>(bytes.data()), size};
    const unsigned char* at = bytes.data();
    auto* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    std::string out(64, '\0');
    auto* raw = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
    ECDSA_SIG_free(pair);
    return out;
  }
  std::string token(std::string_view header, std::string_view payload) const {
    const auto part = encoded(header) + "." + encoded(payload);
    return part + "." + encoded(sign(part));
  }
  // With the header that fits the key.
  std::string token(std::string_view payload) const {
    return token(R"({"alg":")" + algorithm_ + R"(","typ":"JWT","kid":")" + id_ + "\"}", payload);
  }

 private:
  made_key(EVP_PKEY* key, std::string algorithm, std::string id)
      : key_(key, EVP_PKEY_free), algorithm_(std::move(algorithm)), id_(std::move(id)) {}
  std::shared_ptr<EVP_PKEY> key_;
  std::string algorithm_;
  std::string id_;
};

inline std::string key_set_text(const std::vector<made_key>& keys) {
  std::string out = R"({"keys":[)";
  for (const auto& key : keys) out += (out.back() == '[' ? "" : ",") + key.jwk();
  return out + "]}";
}

}  // namespace son1k::test
