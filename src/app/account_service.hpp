// Accounts, wired: what they keep, how they are verified, where passwords are hashed. Owned by the
// running system, which it must not outlive; the database outlives it. Thread-safe by its parts.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "accounts/identity/identity.hpp"
#include "accounts/tiers/tier_table.hpp"
#include "api/account_engines.hpp"
#include "app/settings.hpp"
#include "base/clock.hpp"
#include "store/database.hpp"

namespace son1k::app {

class account_service {
 public:
  // Makes the program's own accounts and secrets where they are missing. `shared`: other processes
  // use the database too. validation: a secret that can be guessed; the field is the setting.
  static result<std::unique_ptr<account_service>> open(const settings& config, store::database& db,
                                                       const clock_port& clock, bool shared);
  ~account_service();  // stop()

  const api::account_engines& engines() const;
  accounts::identities& identities();
  // Of this start; whoever shows it can read the data folder.
  const std::string& local_token() const;
  // Writes DATA_DIR/setup-url with a link to a server at `address`, and gives the link; nothing
  // where there is an administrator.
  result<std::optional<std::string>> begin_setup(const std::string& address);
  // Ends what hashes and what hears of revocations. Repeatable.
  void stop();

 private:
  struct parts;
  explicit account_service(std::unique_ptr<parts> p);
  const std::unique_ptr<parts> parts_;
};

}  // namespace son1k::app
