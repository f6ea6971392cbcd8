// JSON Web Tokens (RFC 7519) in the compact form (RFC 7515), read strictly: what two readers could
// understand in two ways is no token. Whatever is wrong with one, callers are told the same, so
// that nobody learns by trying; only a sound one whose time is over is told apart.
//
// Threads: functions of values; a token_issuer is immutable.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/jwt/token_key.hpp"
#include "base/error.hpp"

namespace son1k::accounts {

// unauthenticated and token_expired, with the only texts that there are for them.
error faulty_token();
error expired_token();

inline constexpr std::int64_t token_skew_ms_max = 30'000;

// What a verified token says. Times are UTC milliseconds; 0: the token does not say.
struct claims {
  std::string issuer;                 // iss
  std::string subject;                // sub
  std::vector<std::string> audience;  // aud
  std::int64_t expires_at_ms = 0;     // exp
  std::int64_t not_before_ms = 0;     // nbf
  std::int64_t issued_at_ms = 0;      // iat
  std::string session;                // sid, or session_id as Supabase calls it
  std::string email;
  std::string role;
  boost::json::object all;  // the whole payload
};

// Who must have made a token, for whom, and how far clocks may be apart (30 s at most).
struct token_rules {
  std::string issuer;
  std::string audience;
  std::int64_t skew_ms = token_skew_ms_max;
};

// A token taken apart; nothing of it is to be believed yet. Views lie in the text it was made from.
struct token_parts {
  std::string algorithm;  // alg: only ever compared with that of a key
  std::optional<std::string> key_id;
  std::string_view payload;      // still encoded
  std::string_view signed_part;  // header and payload
  std::string signature;
};

// faulty_token: longer than 8 KiB, not three parts of base64url in its only form, a header that is
// no JSON object or names a member twice, `typ` other than JWT, or one that brings its own key
// (jwk, jku, x5u, x5c) or asks for extensions (crit, b64, zip, enc).
result<token_parts> take_token_apart(std::string_view token);

// faulty_token or expired_token. The key must be of the algorithm that the token names, and the
// token's id if both have one. exp, iss, aud and sub must be there; nbf and iat must not lie ahead.
result<claims> verify_token(const token_parts& token, const token_key& key,
                            const token_rules& rules, std::int64_t now_ms);
// By whichever of the keys has the token's algorithm and id.
result<claims> verify_token(const token_parts& token, std::span<const token_key> keys,
                            const token_rules& rules, std::int64_t now_ms);
result<claims> verify_token(std::string_view token, std::span<const token_key> keys,
                            const token_rules& rules, std::int64_t now_ms);

// Our own tokens: signed with the first of the secrets, accepted by any of them, so that a secret
// can be replaced while tokens of the old one are about.
class token_issuer {
 public:
  // validation: a secret is too short, or there is none.
  static result<token_issuer> make(const std::vector<std::string>& secrets,
                                   std::string issuer = "son1k", std::string audience = "son1k");

  // subject, session, email, role, issued_at_ms and expires_at_ms are written where there are any;
  // issuer and audience are its own. Texts must be UTF-8.
  std::string sign(const claims& what) const;
  // faulty_token · expired_token.
  result<claims> verify(std::string_view token, std::int64_t now_ms) const;

 private:
  token_issuer(std::vector<token_key> keys, token_rules rules)
      : keys_(std::move(keys)), rules_(std::move(rules)) {}
  std::vector<token_key> keys_;
  token_rules rules_;
};

}  // namespace son1k::accounts
