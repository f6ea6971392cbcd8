#include "accounts/jwt/jwt.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "accounts/identity/identity.hpp"
#include "base/base64.hpp"
#include "base/json.hpp"

namespace son1k::accounts {
namespace {

namespace json = boost::json;

constexpr std::size_t header_depth_max = 4;
constexpr std::size_t header_members_max = 16;
constexpr std::size_t payload_depth_max = 8;
constexpr std::size_t payload_members_max = 64;
constexpr std::size_t audiences_max = 16;
constexpr std::size_t key_id_bytes_max = 256;
constexpr std::size_t claim_bytes_max = 512;
constexpr std::int64_t second_max = 253'402'300'799;  // the end of the year 9999

// Members of a header that bring a key or change what the token means.
constexpr std::array<std::string_view, 8> refused_members{"crit", "jwk", "jku", "x5u",
                                                          "x5c",  "b64", "zip", "enc"};

// Reads one payload; `sound` is false once something is not as it must be.
class claim_reader {
 public:
  explicit claim_reader(const json::object& from) : from_(from) {}

  std::string words(std::string_view name, bool required) {
    const auto* found = from_.if_contains(name);
    if (found == nullptr || (found->is_null() && !required)) {
      sound = sound && !required;
      return {};
    }
    return plain(*found, required);
  }
  std::vector<std::string> list(std::string_view name) {
    const auto* found = from_.if_contains(name);
    std::vector<std::string> out;
    if (found != nullptr && found->is_array() && found->get_array().size() <= audiences_max) {
      for (const auto& one : found->get_array()) out.push_back(plain(one, true));
    } else if (found != nullptr) {
      out.push_back(plain(*found, true));
    }
    sound = sound && !out.empty();
    return out;
  }
  // A NumericDate (RFC 7519, 2) may have a fraction.
  std::int64_t time(std::string_view name, bool required) {
    const auto* found = from_.if_contains(name);
    if (found == nullptr) {
      sound = sound && !required;
      return 0;
    }
    if (found->is_int64() && found->get_int64() > 0 && found->get_int64() <= second_max)
      return found->get_int64() * 1'000;
    if (found->is_double() && found->get_double() >= 1 &&
        found->get_double() <= static_cast<double>(second_max))
      return static_cast<std::int64_t>(std::floor(found->get_double() * 1'000));
    sound = false;
    return 0;
  }

  bool sound = true;

 private:
  std::string plain(const json::value& from, bool required) {
    const auto* found = from.if_string();
    const bool whole = found != nullptr && found->size() <= claim_bytes_max &&
                       (!required || !found->empty()) &&
                       std::none_of(found->begin(), found->end(),
                                    [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
    sound = sound && whole;
    return whole ? std::string(found->data(), found->size()) : std::string();
  }
  const json::object& from_;
};

std::optional<json::object> object_of(std::string_view encoded, std::size_t depth,
                                      std::size_t members) {
  const auto bytes = from_base64url(encoded);
  if (!bytes) return std::nullopt;
  auto parsed = parse_json(*bytes, depth, members);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return std::move(parsed->get_object());
}

bool read_header(const json::object& header, token_parts& into) {
  for (const auto name : refused_members)
    if (header.contains(name)) return false;
  const auto* algorithm = header.if_contains("alg");
  if (algorithm == nullptr || !algorithm->is_string()) return false;
  into.algorithm = std::string(algorithm->get_string());
  if (const auto* type = header.if_contains("typ"); type != nullptr && *type != "JWT") return false;
  const auto* id = header.if_contains("kid");
  if (id == nullptr) return true;
  if (!id->is_string() || id->get_string().size() > key_id_bytes_max) return false;
  into.key_id = std::string(id->get_string());
  return true;
}

bool may_check(const token_key& key, const token_parts& token) {
  return key.algorithm() == token.algorithm &&
         (!token.key_id || key.id().empty() || key.id() == *token.key_id);
}

claims read_claims(json::object payload, bool& sound) {
  claim_reader reader(payload);
  claims out;
  out.issuer = reader.words("iss", true);
  out.subject = reader.words("sub", true);
  out.audience = reader.list("aud");
  out.expires_at_ms = reader.time("exp", true);
  out.not_before_ms = reader.time("nbf", false);
  out.issued_at_ms = reader.time("iat", false);
  out.session = reader.words(payload.contains("sid") ? "sid" : "session_id", false);
  out.email = reader.words("email", false);
  out.role = reader.words("role", false);
  sound = reader.sound;
  out.all = std::move(payload);
  return out;
}

result<claims> judge(claims told, const token_rules& rules, std::int64_t now_ms) {
  const auto skew = std::clamp<std::int64_t>(rules.skew_ms, 0, token_skew_ms_max);
  const auto& audience = told.audience;
  if (told.issuer != rules.issuer ||
      std::find(audience.begin(), audience.end(), rules.audience) == audience.end() ||
      told.not_before_ms > now_ms + skew || told.issued_at_ms > now_ms + skew)
    return faulty_token();
  if (told.expires_at_ms + skew <= now_ms) return expired_token();
  return told;
}

}  // namespace

error faulty_token() {
  return {errc::unauthenticated, {"the token is not valid", "el token no es válido"}};
}

error expired_token() {
  return {errc::token_expired, {"the token has expired", "el token ha caducado"}};
}

result<token_parts> take_token_apart(std::string_view token) {
  if (token.size() > token_bytes_max) return faulty_token();
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return faulty_token();
  token_parts out;
  out.signed_part = token.substr(0, second);
  out.payload = token.substr(first + 1, second - first - 1);
  auto signature = from_base64url(token.substr(second + 1));
  const auto header = object_of(token.substr(0, first), header_depth_max, header_members_max);
  if (!signature || signature->empty() || !header || !read_header(*header, out))
    return faulty_token();
  out.signature = std::move(*signature);
  return out;
}

result<claims> verify_token(const token_parts& token, const token_key& key,
                            const token_rules& rules, std::int64_t now_ms) {
  // Nothing of the payload is read before the signature holds.
  if (!may_check(key, token) || !key.fits(token.signed_part, token.signature))
    return faulty_token();
  auto payload = object_of(token.payload, payload_depth_max, payload_members_max);
  if (!payload) return faulty_token();
  bool sound = false;
  auto told = read_claims(std::move(*payload), sound);
  if (!sound) return faulty_token();
  return judge(std::move(told), rules, now_ms);
}

result<claims> verify_token(const token_parts& token, std::span<const token_key> keys,
                            const token_rules& rules, std::int64_t now_ms) {
  for (const auto& key : keys) {
    if (!may_check(key, token)) continue;
    auto told = verify_token(token, key, rules, now_ms);
    if (told || told.error().code == errc::token_expired) return told;
  }
  return faulty_token();
}

result<claims> verify_token(std::string_view token, std::span<const token_key> keys,
                            const token_rules& rules, std::int64_t now_ms) {
  const auto parts = take_token_apart(token);
  if (!parts) return parts.error();
  return verify_token(*parts, keys, rules, now_ms);
}

result<token_issuer> token_issuer::make(const std::vector<std::string>& secrets, std::string issuer,
                                        std::string audience) {
  std::vector<token_key> keys;
  for (const auto& secret : secrets) {
    auto key = token_key::hs256(secret);
    if (!key) return key.error();
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) {
    return error(errc::validation, "key",
                 {"there must be a secret to sign tokens with",
                  "tiene que haber un secreto para firmar tokens"});
  }
  return token_issuer(std::move(keys), {std::move(issuer), std::move(audience)});
}

std::string token_issuer::sign(const claims& what) const {
  json_writer payload;
  payload.text("iss", rules_.issuer);
  payload.text("aud", rules_.audience);
  payload.text("sub", what.subject);
  if (what.issued_at_ms != 0) payload.integer("iat", what.issued_at_ms / 1'000);
  payload.integer("exp", what.expires_at_ms / 1'000);
  if (!what.session.empty()) payload.text("sid", what.session);
  if (!what.email.empty()) payload.text("email", what.email);
  if (!what.role.empty()) payload.text("role", what.role);
  std::string out;
  append_base64url(out, R"({"alg":"HS256","typ":"JWT"})");
  out.push_back('.');
  append_base64url(out, payload.finish());
  const auto signature = keys_.front().sign(out);
  out.push_back('.');
  append_base64url(out, signature);
  return out;
}

result<claims> token_issuer::verify(std::string_view token, std::int64_t now_ms) const {
  return verify_token(token, keys_, rules_, now_ms);
}

}  // namespace son1k::accounts
