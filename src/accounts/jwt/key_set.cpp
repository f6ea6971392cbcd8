#include "accounts/jwt/key_set.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/base64.hpp"
#include "base/json.hpp"

namespace son1k::accounts {
namespace {

constexpr std::size_t set_depth_max = 6;
constexpr std::size_t set_members_max = 32;
constexpr std::size_t set_id_bytes_max = 256;

error no_key_set(text why) {
  return {errc::malformed, "keys", std::move(why)};
}

// Empty: not there, or no text.
std::string_view member(const boost::json::object& key, std::string_view name) {
  const auto* found = key.if_contains(name);
  if (found == nullptr || !found->is_string()) return {};
  return {found->get_string().data(), found->get_string().size()};
}

bool absent_or(const boost::json::object& key, std::string_view name, std::string_view value) {
  return !key.contains(name) || member(key, name) == value;
}

// RFC 7517, 4.3.
bool may_verify(const boost::json::object& key) {
  const auto* allowed = key.if_contains("key_ops");
  if (allowed == nullptr) return true;
  if (!allowed->is_array()) return false;
  const auto& list = allowed->get_array();
  return std::any_of(list.begin(), list.end(), [](const auto& one) { return one == "verify"; });
}

std::optional<token_key> usable(const boost::json::object& key) {
  const auto id = member(key, "kid");
  if (id.empty() || id.size() > set_id_bytes_max || !absent_or(key, "use", "sig") ||
      !may_verify(key) || key.contains("d"))
    return std::nullopt;
  if (member(key, "kty") == "EC" && member(key, "crv") == "P-256" &&
      absent_or(key, "alg", "ES256")) {
    const auto x = from_base64url(member(key, "x"));
    const auto y = from_base64url(member(key, "y"));
    if (!x || !y) return std::nullopt;
    auto made = token_key::es256(*x, *y, std::string(id));
    return made ? std::optional(std::move(*made)) : std::nullopt;
  }
  if (member(key, "kty") == "RSA" && absent_or(key, "alg", "RS256")) {
    const auto n = from_base64url(member(key, "n"));
    const auto e = from_base64url(member(key, "e"));
    if (!n || !e) return std::nullopt;
    auto made = token_key::rs256(*n, *e, std::string(id));
    return made ? std::optional(std::move(*made)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

result<std::vector<token_key>> parse_key_set(std::string_view bytes) {
  if (bytes.size() > key_set_bytes_max) {
    return no_key_set(
        {"the key set is longer than 64 KiB", "el conjunto de claves tiene más de 64 KiB"});
  }
  const auto parsed = parse_json(bytes, set_depth_max, set_members_max);
  const auto* set = parsed ? parsed->if_object() : nullptr;
  const auto* keys = set != nullptr ? set->if_contains("keys") : nullptr;
  if (keys == nullptr || !keys->is_array()) {
    return no_key_set(
        {"this is no set of keys (RFC 7517)", "no es un conjunto de claves (RFC 7517)"});
  }
  const auto& list = keys->get_array();
  if (list.size() > key_set_keys_max) {
    return no_key_set({"the set has more than 32 keys", "el conjunto tiene más de 32 claves"});
  }
  std::vector<token_key> out;
  for (const auto& one : list) {
    if (!one.is_object()) continue;
    if (auto key = usable(one.get_object())) out.push_back(std::move(*key));
  }
  return out;
}

}  // namespace son1k::accounts
