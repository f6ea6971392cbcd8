#include "accounts/identity/local_owner.hpp"

#include <algorithm>

namespace son1k::accounts {
namespace {

class local_owner final : public identities {
 public:
  local_owner(std::string owner, std::vector<std::string> origins)
      : owner_(std::move(owner)), origins_(std::move(origins)) {}

  boost::asio::awaitable<result<identity>> verify(caller_facts from, std::string) override {
    if (!may_call(from)) {
      co_return error(errc::forbidden, "Origin",
                      text("pages of " + from.origin + " may not connect to this server",
                           "las páginas de " + from.origin + " no pueden conectarse aquí"));
    }
    identity who;
    who.user = owner_;
    who.name = owner_;
    who.roles = {std::string(user_role), std::string(viewer_role), std::string(operator_role),
                 std::string(admin_role)};
    who.tier = "SYSTEM";
    who.shown = credential::local;
    co_return who;
  }

  std::shared_ptr<void> on_revoked(std::function<void(const revocation&)>) override { return {}; }

 private:
  bool may_call(const caller_facts& from) const {
    if (from.origin.empty()) return true;
    if (!from.host.empty() &&
        (from.origin == "http://" + from.host || from.origin == "https://" + from.host))
      return true;
    return std::find(origins_.begin(), origins_.end(), from.origin) != origins_.end();
  }

  const std::string owner_;
  const std::vector<std::string> origins_;
};

}  // namespace

std::unique_ptr<identities> make_local_owner(std::string owner, std::vector<std::string> origins) {
  return std::make_unique<local_owner>(std::move(owner), std::move(origins));
}

}  // namespace son1k::accounts
