#include "accounts/identity/local_owner.hpp"

namespace son1k::accounts {
namespace {

class local_owner final : public identities {
 public:
  explicit local_owner(std::string owner) : owner_(std::move(owner)) {}

  boost::asio::awaitable<result<identity>> verify(caller_facts, std::string) override {
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
  const std::string owner_;
};

}  // namespace

std::unique_ptr<identities> make_local_owner(std::string owner) {
  return std::make_unique<local_owner>(std::move(owner));
}

}  // namespace son1k::accounts
