#include "contract/rooms/rooms_place.hpp"

#include "support/fresh_databases.hpp"

namespace son1k::realtime::test {
void rooms_contract::SetUp() {
  nodes_ = son1k::test::open_fresh(GetParam(), folder_.path(), 2);
  if (nodes_.empty()) {
    if (getenv("CI") != nullptr) FAIL() << "PostgreSQL must be installed (tools/setup)";
    GTEST_SKIP() << "PostgreSQL is not installed (tools/setup)";
  }
  ASSERT_TRUE(db().migrate());
  for (std::size_t n = 0; n < 2; ++n)
    rooms_.push_back(std::make_unique<database_rooms>(*nodes_[n % nodes_.size()], clock));
  for (const char* user : {"ana", "bob", "eve"}) add_account(user, std::string(user) + "@x.org");
}

void rooms_contract::add_account(std::string id, std::string login, bool external) {
  store::transaction tx;
  tx.stage([=](store::connection& c) -> result<void> {
    static const store::statement insert(
        "INSERT INTO account (id, login, email, name, role, tier, disabled_at_ms, created_at_ms, "
        "updated_at_ms) VALUES ($1, $2, $3, $4, 'user', 'FREE', 0, 0, 0)");
    const auto name = "Name of " + id;
    store::value own = std::monostate();
    if (!external && !login.empty()) own = std::string_view(login);
    return c.send(insert,
                  {std::string_view(id), own, std::string_view(login), std::string_view(name)});
  });
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
}

result<std::string> rooms_contract::make(std::string owner, bool is_public, std::string name) {
  store::transaction tx;
  const auto made = rooms().stage_new(tx, {std::move(owner), std::move(name), "", is_public});
  auto done = store::commit_and_wait(db(), std::move(tx));
  if (!done) return done.error();
  return made.id;
}

result<room_invitation> rooms_contract::invite(std::string room, std::string user,
                                               std::string login, room_role as, std::string by) {
  store::transaction tx;
  auto made = rooms().stage_invitation(
      tx, {std::move(room), std::move(by), std::move(user), std::move(login), as});
  auto done = store::commit_and_wait(db(), std::move(tx));
  if (!done) return done.error();
  return made;
}

std::vector<std::string> rooms_contract::listed(room_query query) {
  std::vector<std::string> out;
  const auto rows = run(rooms().list(std::move(query)));
  for (const auto& one : rows.value()) out.push_back(one.row.name);
  return out;
}

}  // namespace son1k::realtime::test
