// Tokens and key sets of strangers. Any bytes as a token: only what is one text of its bytes is
// taken apart. Two lines as header and payload, signed by us: what is accepted says all that it
// must. Any bytes as a key set: keys with an id, and no secret among them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "accounts/jwt/jwt.hpp"
#include "accounts/jwt/key_set.hpp"
#include "base/base64.hpp"

namespace {

using namespace son1k::accounts;

constexpr std::int64_t now = 1'700'000'000'000;

void require(bool holds) {
  if (!holds) std::abort();
}

const token_key& secret() {
  static const auto key = *token_key::hs256("a secret of this test, which is long enough");
  return key;
}

std::string encoded(std::string_view bytes) {
  std::string out;
  son1k::append_base64url(out, bytes);
  return out;
}

void as_token(std::string_view bytes) {
  const auto parts = take_token_apart(bytes);
  if (!parts) return;
  require(parts->signed_part.size() < bytes.size());
  require(std::string(parts->signed_part) + "." + encoded(parts->signature) == bytes);
  require(!verify_token(*parts, secret(), {"here", "us"}, now) ||
          secret().sign(parts->signed_part) == parts->signature);
}

void as_lines(std::string_view bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) return;
  const auto part = encoded(bytes.substr(0, end)) + "." + encoded(bytes.substr(end + 1));
  const auto token = part + "." + encoded(secret().sign(part));
  const auto parts = take_token_apart(token);
  if (!parts) return;
  const auto told = verify_token(*parts, secret(), {"here", "us"}, now);
  if (!told) {
    const auto code = told.error().code;
    return require(code == son1k::errc::unauthenticated || code == son1k::errc::token_expired);
  }
  require(parts->algorithm == "HS256");
  require(told->issuer == "here" && !told->subject.empty());
  require(std::count(told->audience.begin(), told->audience.end(), "us") > 0);
  require(told->expires_at_ms + token_skew_ms_max > now);
  require(told->not_before_ms <= now + token_skew_ms_max);
}

void as_key_set(std::string_view bytes) {
  const auto keys = parse_key_set(bytes);
  if (!keys) return;
  require(keys->size() <= key_set_keys_max);
  for (const auto& key : *keys) {
    require(!key.id().empty() && key.algorithm() != "HS256");
    require(!key.fits(bytes, encoded(bytes)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  as_token(bytes);
  as_lines(bytes);
  as_key_set(bytes);
  return 0;
}
