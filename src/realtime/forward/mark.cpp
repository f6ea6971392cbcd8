#include "realtime/forward/mark.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <charconv>

namespace son1k::realtime {
namespace {

constexpr std::size_t mark_bytes_max = 512;

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(count * 2);
  for (std::size_t n = 0; n < count; ++n) {
    out += digits[bytes[n] >> 4];
    out += digits[bytes[n] & 15];
  }
  return out;
}

// `head` is the mark up to its proof. Each part is preceded by its length, so that no two requests
// have the same text.
std::string proof_of(const std::string& key, std::string_view head, const forward_cover& cover) {
  std::string all = "son1k forward 1";
  const auto add = [&all](std::string_view part) {
    all += '\n';
    all += std::to_string(part.size());
    all += ':';
    all += part;
  };
  add(head);
  add(cover.method);
  add(cover.target);
  add(cover.origin);
  add(cover.content_type);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  ::SHA256(reinterpret_cast<const unsigned char*>(cover.body.data()), cover.body.size(),
           digest.data());
  add(hexadecimal(digest.data(), digest.size()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned int size = 0;
  ::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(all.data()), all.size(), mac.data(), &size);
  return hexadecimal(mac.data(), size);
}

bool proves(const std::string& key, std::string_view head, std::string_view proof,
            const forward_cover& cover) {
  if (key.empty()) return false;
  const auto wanted = proof_of(key, head, cover);
  return proof.size() == wanted.size() &&
         CRYPTO_memcmp(proof.data(), wanted.data(), wanted.size()) == 0;
}

// Takes "name=value; " off the front.
std::optional<std::string_view> take_part(std::string_view& rest, std::string_view name) {
  if (!rest.starts_with(name) || rest.substr(name.size(), 1) != "=") return std::nullopt;
  rest.remove_prefix(name.size() + 1);
  const auto end = rest.find("; ");
  const auto value = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return value;
}

}  // namespace

std::string write_forward_mark(const node_keys& keys, const forward_mark& mark,
                               const forward_cover& cover) {
  std::string out = "at=" + std::to_string(mark.at_ms) + "; hop=1; from=";
  out += mark.from;
  out += "; to=";
  out += mark.to;
  out += "; client=";
  out += mark.client;
  auto proof = proof_of(keys.now, out, cover);
  return out + "; proof=" + proof;
}

std::optional<forward_mark> read_forward_mark(const node_keys& keys, std::string_view value,
                                              const forward_cover& cover, std::int64_t now_ms) {
  constexpr std::string_view before_proof = "; proof=";
  const auto proof_at = value.rfind(before_proof);
  if (value.size() > mark_bytes_max || proof_at == std::string_view::npos) return std::nullopt;
  const auto head = value.substr(0, proof_at);
  const auto proof = value.substr(proof_at + before_proof.size());
  if (!proves(keys.now, head, proof, cover) && !proves(keys.before, head, proof, cover)) {
    return std::nullopt;
  }
  auto rest = head;
  const auto at = take_part(rest, "at");
  const auto hop = take_part(rest, "hop");
  const auto from = take_part(rest, "from");
  const auto to = take_part(rest, "to");
  const auto client = take_part(rest, "client");
  if (!at || !hop || !from || !to || !client || !rest.empty() || *hop != "1") return std::nullopt;
  forward_mark out{0, *from, *to, *client};
  const auto read = std::from_chars(at->data(), at->data() + at->size(), out.at_ms);
  const bool whole = read.ec == std::errc() && read.ptr == at->data() + at->size();
  if (!whole || out.at_ms > now_ms + forward_ms_max || out.at_ms < now_ms - forward_ms_max) {
    return std::nullopt;
  }
  return out;
}

}  // namespace son1k::realtime
