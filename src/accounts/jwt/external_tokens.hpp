// Tokens of an issuer elsewhere that this deployment trusts, such as a Supabase project: checked by
// the keys that it publishes, and by a shared secret only if there is one.
//
// Threads: verify() may be called from any thread; it resumes on its own executor, which runs one
// thing at a time and outlives this object.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "accounts/jwt/jwt.hpp"
#include "accounts/jwt/key_source.hpp"
#include "base/clock.hpp"

namespace son1k::accounts {

struct external_issuer {
  std::string issuer;    // iss of its tokens
  std::string audience;  // one of their aud
  std::string keys_url;  // of its key set: https, or http to this machine
  std::string secret;    // of its HS256 tokens; empty: there are none
};

// Of the project at `url` (SUPABASE_URL); `secret` is SUPABASE_JWT_SECRET. validation: the field is
// the setting's name.
result<external_issuer> supabase_issuer(std::string_view url, std::string secret);

class external_tokens {
 public:
  virtual ~external_tokens() = default;
  // faulty_token · expired_token · unavailable: the issuer's keys cannot be had.
  virtual boost::asio::awaitable<result<claims>> verify(std::string token) = 0;
};

// `fetch` stands in for the download from keys_url. validation: the address or the secret is none.
result<std::unique_ptr<external_tokens>> make_external_tokens(const clock_port& clock,
                                                              external_issuer from,
                                                              key_fetch fetch = {});

}  // namespace son1k::accounts
