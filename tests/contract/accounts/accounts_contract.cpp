#include "contract/accounts/accounts_contract.hpp"

#include "store/migrator.hpp"
#include "support/fresh_databases.hpp"
#include "support/postgres_server.hpp"

namespace son1k::accounts::test {
namespace {

bool run_here(const std::function<void()>& work) {
  work();
  return true;
}

}  // namespace

bool is_installed(const std::string& name) {
  return name == "sqlite" || son1k::test::postgres_server::installed();
}

result<std::unique_ptr<store::database>> open_fresh(const std::string& name,
                                                    const std::filesystem::path& folder) {
  auto opened = std::move(son1k::test::open_fresh(name, folder).front());
  if (auto done = opened->migrate(); !done) return done.error();
  return opened;
}

process::process(store::database& db, const clock_port& clock)
    : revocations(db, clock),
      passwords(run_here, {1, 8u << 10}),
      users({db, clock, passwords, revocations,
             [](std::string_view tier) { return tier == "FREE" || tier == "PRO"; }}),
      sessions(db, clock, revocations),
      keys(db, clock, revocations),
      setup(db, clock, passwords) {}

account accounts_contract::made(const std::string& email, const std::string& role) {
  new_account asked;
  asked.email = email;
  asked.password = good_password;
  asked.role = role;
  auto created = run(here->users.create(asked));
  EXPECT_TRUE(created) << created.error().what();
  return created ? *created : account();
}

}  // namespace son1k::accounts::test
