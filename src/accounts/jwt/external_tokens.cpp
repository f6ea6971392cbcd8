#include "accounts/jwt/external_tokens.hpp"

#include "accounts/jwt/key_download.hpp"
#include "net/text_fetch.hpp"

namespace son1k::accounts {
namespace {

class keyed_tokens final : public external_tokens {
 public:
  keyed_tokens(const clock_port& clock, token_rules rules, std::optional<token_key> secret,
               std::unique_ptr<key_download> download, key_fetch fetch)
      : clock_(clock),
        rules_(std::move(rules)),
        secret_(std::move(secret)),
        download_(std::move(download)),
        source_(clock, std::move(fetch)) {}

  boost::asio::awaitable<result<claims>> verify(std::string token) override {
    const auto parts = take_token_apart(token);
    if (!parts) co_return parts.error();
    if (parts->algorithm == "HS256") {
      if (!secret_) co_return faulty_token();
      co_return verify_token(*parts, *secret_, rules_, clock_.now_ms());
    }
    const bool known = parts->algorithm == "ES256" || parts->algorithm == "RS256";
    if (!known || !parts->key_id || parts->key_id->empty()) co_return faulty_token();
    std::string id = *parts->key_id;
    auto found = co_await source_.having(std::move(id));
    if (!found) co_return found.error();
    const auto keys = *found;
    co_return verify_token(*parts, *keys, rules_, clock_.now_ms());
  }

 private:
  const clock_port& clock_;
  const token_rules rules_;
  const std::optional<token_key> secret_;
  const std::unique_ptr<key_download> download_;  // outlives the source, which asks it
  key_source source_;
};

error bad_setting(std::string name, const error& why) {
  return {errc::validation, std::move(name), why.message};
}

}  // namespace

result<external_issuer> supabase_issuer(std::string_view url, std::string secret) {
  while (url.ends_with('/')) url.remove_suffix(1);
  external_issuer out;
  out.issuer = std::string(url) + "/auth/v1";
  out.audience = "authenticated";
  out.keys_url = out.issuer + "/.well-known/jwks.json";
  out.secret = std::move(secret);
  const auto address = net::parse_text_address(out.keys_url);
  if (!address) return bad_setting("supabase_url", address.error());
  if (!out.secret.empty()) {
    const auto key = token_key::hs256(out.secret);
    if (!key) return bad_setting("supabase_jwt_secret", key.error());
  }
  return out;
}

result<std::unique_ptr<external_tokens>> make_external_tokens(const clock_port& clock,
                                                              external_issuer from,
                                                              key_fetch fetch) {
  std::optional<token_key> secret;
  if (!from.secret.empty()) {
    auto key = token_key::hs256(from.secret);
    if (!key) return key.error();
    secret = std::move(*key);
  }
  std::unique_ptr<key_download> download;
  if (!fetch) {
    auto address = net::parse_text_address(from.keys_url);
    if (!address) return address.error();
    net::fetch_bounds bounds;
    bounds.bytes_max = 64 * 1'024;
    download = std::make_unique<key_download>(std::move(*address), bounds);
    auto* by = download.get();
    fetch = [by](std::function<void(result<std::string>)> done) { by->fetch(std::move(done)); };
  }
  token_rules rules{std::move(from.issuer), std::move(from.audience)};
  return std::make_unique<keyed_tokens>(clock, std::move(rules), std::move(secret),
                                        std::move(download), std::move(fetch));
}

}  // namespace son1k::accounts
