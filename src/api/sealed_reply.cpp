#include "api/sealed_reply.hpp"

#include <sodium.h>

#include <array>

#include "accounts/identity/secrets.hpp"
#include "base/base64.hpp"

namespace son1k::api {
namespace {

using seal = std::array<unsigned char, crypto_secretbox_KEYBYTES>;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// Another digest than the one that stands in the database.
seal seal_of(std::string_view owner, std::string_view key) {
  accounts::begin_sodium();
  std::string words = "son1k.sealed_reply\n";
  words.append(owner).append("\n").append(key);
  seal out{};
  crypto_generichash(out.data(), out.size(), octets(words), words.size(), nullptr, 0);
  return out;
}

}  // namespace

std::string seal_reply(std::string_view reply, std::string_view owner, std::string_view key) {
  const seal with = seal_of(owner, key);
  std::string bytes = accounts::random_bytes(crypto_secretbox_NONCEBYTES);
  const std::string nonce = bytes;
  bytes.resize(nonce.size() + crypto_secretbox_MACBYTES + reply.size());
  crypto_secretbox_easy(octets(bytes) + nonce.size(), octets(reply), reply.size(), octets(nonce),
                        with.data());
  std::string out;
  append_base64url(out, bytes);
  return out;
}

std::optional<std::string> open_reply(std::string_view sealed, std::string_view owner,
                                      std::string_view key) {
  constexpr std::size_t least = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  const auto bytes = from_base64url(sealed);
  if (!bytes || bytes->size() < least) return std::nullopt;
  const seal with = seal_of(owner, key);
  std::string out(bytes->size() - least, '\0');
  const auto box = std::string_view(*bytes).substr(crypto_secretbox_NONCEBYTES);
  const int opened =
      crypto_secretbox_open_easy(octets(out), octets(box), box.size(), octets(*bytes), with.data());
  if (opened != 0) return std::nullopt;
  return out;
}

std::string name_of_sealed(std::string_view key) {
  return "sealed:" + accounts::digest_of(key);
}

}  // namespace son1k::api
