#include "accounts/jwt/token_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include <array>

namespace son1k::accounts {
namespace {

constexpr std::size_t coordinate_bytes = 32;
constexpr std::size_t modulus_bytes_min = 256;
constexpr std::size_t modulus_bytes_max = 1'024;
constexpr std::size_t exponent_bytes_max = 8;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using pkey = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using pkey_context = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using digest_context = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using big_number = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using parameter_list = std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>>;
using parameter_builder = std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>>;
using ecdsa_signature = std::unique_ptr<ECDSA_SIG, freed_by<ECDSA_SIG_free>>;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

big_number number_of(std::string_view bytes) {
  return big_number(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr));
}

error bad_key(text why) {
  return {errc::validation, "key", std::move(why)};
}

// Null: the parameters are no such key.
pkey public_key(const char* type, OSSL_PARAM_BLD* builder) {
  const parameter_list parameters(OSSL_PARAM_BLD_to_param(builder));
  const pkey_context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return pkey(made);
}

// RFC 7518, 3.4: R and S side by side, where OpenSSL wants them as ASN.1. Empty: not that form.
std::string as_der(std::string_view signature) {
  if (signature.size() != 2 * coordinate_bytes) return {};
  auto r = number_of(signature.substr(0, coordinate_bytes));
  auto s = number_of(signature.substr(coordinate_bytes));
  const ecdsa_signature pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();
  (void)s.release();
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &bytes);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

bool verified(EVP_PKEY* key, std::string_view part, std::string_view signature) {
  const digest_context context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(part),
                          part.size()) == 1;
}

}  // namespace

struct token_key::material {
  enum class kind { secret, point, modulus } what = kind::secret;
  std::string secret;
  pkey key;
  ~material() { OPENSSL_cleanse(secret.data(), secret.size()); }
};

result<token_key> token_key::hs256(std::string_view secret, std::string id) {
  if (secret.size() < token_secret_bytes_min) {
    return bad_key({"a secret for tokens has 32 bytes or more",
                    "un secreto para tokens tiene 32 bytes o más"});
  }
  // Anybody may know a public key, so nothing may be signed with its text.
  if (secret.find("-----BEGIN ") != std::string_view::npos) {
    return bad_key({"this is the text of a key, not a secret",
                    "esto es el texto de una clave, no un secreto"});
  }
  auto made = std::make_shared<material>();
  made->secret = secret;
  return token_key(std::move(made), std::move(id));
}

result<token_key> token_key::es256(std::string_view x, std::string_view y, std::string id) {
  const error refused =
      bad_key({"x and y must be a point on the curve P-256, 32 bytes each",
               "x e y deben ser un punto de la curva P-256, de 32 bytes cada uno"});
  if (x.size() != coordinate_bytes || y.size() != coordinate_bytes) return refused;
  std::string point("\x04");
  point.append(x).append(y);
  const parameter_builder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return refused;
  auto key = public_key("EC", builder.get());
  if (!key) return refused;
  auto made = std::make_shared<material>();
  made->what = material::kind::point;
  made->key = std::move(key);
  return token_key(std::move(made), std::move(id));
}

result<token_key> token_key::rs256(std::string_view modulus, std::string_view exponent,
                                   std::string id) {
  const error refused =
      bad_key({"an RSA key has 2,048 to 8,192 bits and an odd exponent of 3 or more",
               "una clave RSA tiene de 2.048 a 8.192 bits y un exponente impar de 3 o más"});
  const auto odd = [](std::string_view n) {
    return (static_cast<unsigned char>(n.back()) & 1) != 0;
  };
  const bool sized = modulus.size() >= modulus_bytes_min && modulus.size() <= modulus_bytes_max &&
                     !exponent.empty() && exponent.size() <= exponent_bytes_max;
  if (!sized || exponent.front() == '\0' || exponent == "\x01" || !odd(exponent) || !odd(modulus) ||
      modulus.front() == '\0')
    return refused;
  const auto n = number_of(modulus);
  const auto e = number_of(exponent);
  if (!n || !e || BN_num_bits(n.get()) < static_cast<int>(modulus_bytes_min * 8)) return refused;
  const parameter_builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return refused;
  auto key = public_key("RSA", builder.get());
  if (!key) return refused;
  auto made = std::make_shared<material>();
  made->what = material::kind::modulus;
  made->key = std::move(key);
  return token_key(std::move(made), std::move(id));
}

std::string_view token_key::algorithm() const {
  switch (material_->what) {
    case material::kind::secret:
      return "HS256";
    case material::kind::point:
      return "ES256";
    case material::kind::modulus:
      return "RS256";
  }
  return {};
}

std::string token_key::sign(std::string_view part) const {
  if (material_->what != material::kind::secret) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  const auto& secret = material_->secret;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), octets(part), part.size(),
           out.data(), &size) == nullptr)
    return {};
  return {reinterpret_cast<const char*>(out.data()), size};
}

bool token_key::fits(std::string_view signed_part, std::string_view signature) const {
  switch (material_->what) {
    case material::kind::secret: {
      const auto wanted = sign(signed_part);
      return !wanted.empty() && wanted.size() == signature.size() &&
             CRYPTO_memcmp(wanted.data(), signature.data(), wanted.size()) == 0;
    }
    case material::kind::point: {
      const auto der = as_der(signature);
      return !der.empty() && verified(material_->key.get(), signed_part, der);
    }
    case material::kind::modulus:
      return verified(material_->key.get(), signed_part, signature);
  }
  return false;
}

}  // namespace son1k::accounts
