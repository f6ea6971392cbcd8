#include "webhooks/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>
#include <stdexcept>

#include "base/base64.hpp"

namespace son1k::webhooks {
namespace {

constexpr std::size_t secret_bytes = 32;

error no_secret() {
  return {errc::internal, "secret", text("the secret of the webhook cannot be read")};
}

}  // namespace

std::string new_secret() {
  std::array<char, secret_bytes> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the kernel gives no random bytes");
  std::string out(secret_prefix);
  append_base64(out, {bytes.data(), bytes.size()});
  return out;
}

result<std::string> sign(std::string_view secret, std::string_view message_id,
                         std::int64_t timestamp_s, std::string_view body) {
  if (!secret.starts_with(secret_prefix)) return no_secret();
  const auto key = from_base64(secret.substr(secret_prefix.size()));
  if (!key || key->empty()) return no_secret();
  std::string text(message_id);
  text += '.';
  text += std::to_string(timestamp_s);
  text += '.';
  text += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* done =
      HMAC(EVP_sha256(), key->data(), static_cast<int>(key->size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  if (done == nullptr) return no_secret();
  std::string out = "v1,";
  append_base64(out, {reinterpret_cast<const char*>(digest.data()), size});
  return out;
}

}  // namespace son1k::webhooks
