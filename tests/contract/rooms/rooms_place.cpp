#include "contract/rooms/rooms_place.hpp"

#include "store/postgres/postgres_database.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/postgres_server.hpp"

namespace son1k::realtime::test {
namespace {

using son1k::test::postgres_server;

std::unique_ptr<store::database> open_file(const std::filesystem::path& folder) {
  store::sqlite_settings settings;
  settings.file = folder / "son1k.db";
  return std::move(store::open_sqlite(settings).value());
}

std::vector<std::unique_ptr<store::database>> open_on_server() {
  static postgres_server server;
  static int count = 0;
  const auto name = "rooms_" + std::to_string(++count);
  server.create_database(name);
  store::postgres_settings settings;
  settings.url = server.url(name);
  settings.connect_max = settings.away_max = std::chrono::minutes(1);
  std::vector<std::unique_ptr<store::database>> out;
  for (int n = 0; n < 2; ++n) out.push_back(std::move(store::open_postgres(settings).value()));
  return out;
}

}  // namespace

void rooms_contract::SetUp() {
  if (GetParam() == "sqlite") {
    nodes_.push_back(open_file(folder_.path()));
  } else if (postgres_server::installed()) {
    nodes_ = open_on_server();
  } else {
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
