// Identities that a test writes: tokens are "user" or "user/role"; they expire where the test says
// so, and hold as often as it says.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "accounts/identity/identity.hpp"

namespace son1k::test {

class token_identities final : public accounts::identities {
 public:
  boost::asio::awaitable<result<accounts::identity>> verify(accounts::caller_facts,
                                                            std::string token) override {
    if (token.empty() || token == "bad" || times_left == 0) {
      co_return error(errc::unauthenticated, "token", text("is not valid", "no es válido"));
    }
    if (times_left > 0) --times_left;
    accounts::identity who;
    who.user = token.substr(0, token.find('/'));
    who.name = "Name of " + who.user;
    who.roles = {"user"};
    const bool operates = token.find("/operator") != token.npos;
    if (operates || token.find("/viewer") != token.npos) who.roles.emplace_back("viewer");
    if (operates) who.roles.emplace_back("operator");
    who.session = "s-" + who.user;
    who.expires_at_ms = expires_at_ms;
    co_return who;
  }
  std::shared_ptr<void> on_revoked(std::function<void(const accounts::revocation&)> told) override {
    revoke = std::move(told);
    return std::shared_ptr<void>(this, [](token_identities* self) { self->revoke = nullptr; });
  }
  std::int64_t expires_at_ms = 0;
  int times_left = -1;  // negative: always
  std::function<void(const accounts::revocation&)> revoke;
};

}  // namespace son1k::test
