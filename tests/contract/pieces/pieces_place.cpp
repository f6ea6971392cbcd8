#include "contract/pieces/pieces_place.hpp"

#include "accounts/quota/ledger.hpp"
#include "store/postgres/postgres_database.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/postgres_server.hpp"

namespace son1k::api::test {
namespace {

using son1k::test::postgres_server;
using store::statement;

std::vector<std::unique_ptr<store::database>> open_on_server() {
  static postgres_server server;
  static int count = 0;
  const auto name = "pieces_" + std::to_string(++count);
  server.create_database(name);
  store::postgres_settings settings;
  settings.url = server.url(name);
  settings.connect_max = settings.away_max = std::chrono::minutes(1);
  std::vector<std::unique_ptr<store::database>> out;
  for (int n = 0; n < 2; ++n) out.push_back(std::move(store::open_postgres(settings).value()));
  return out;
}

}  // namespace

void pieces_contract::SetUp() {
  if (GetParam() == "sqlite") {
    store::sqlite_settings settings;
    settings.file = folder_ / "son1k.db";
    nodes_.push_back(std::move(store::open_sqlite(settings).value()));
  } else if (postgres_server::installed()) {
    nodes_ = open_on_server();
  } else {
    if (getenv("CI") != nullptr) FAIL() << "PostgreSQL must be installed (tools/setup)";
    GTEST_SKIP() << "PostgreSQL is not installed (tools/setup)";
  }
  ASSERT_TRUE(db().migrate());
}

void pieces_contract::add(const std::string& id, const std::string& prompt,
                          std::vector<std::string> tags) {
  generation_record piece;
  piece.id = id;
  piece.owner = ana;
  piece.prompt = prompt;
  piece.request = R"({"generationId":")" + id + "\"}";
  piece.tags = std::move(tags);
  piece.created_at_ms = clock.now_ms();
  accounts::reservation charge;
  charge.account = ana;
  charge.generation = id;
  charge.now_ms = clock.now_ms();
  auto done = commit([&](store::transaction& tx) {
    accounts::stage_reserve(tx, charge);
    stage_generation(tx, piece);
  });
  ASSERT_TRUE(done) << done.error().what();
}

void pieces_contract::complete(const std::string& id, const std::string& title,
                               const std::string& style) {
  static const statement update(
      "update generation set status = 'completed', result = '{}', title = $2, style = $3, "
      "finished_at_ms = 1 where id = $1");
  auto done = commit([&](store::transaction& tx) {
    tx.stage([&](store::connection& c) {
      return c.send(update,
                    {std::string_view(id), std::string_view(title), std::string_view(style)});
    });
    accounts::stage_commit(tx, ana, id, clock.now_ms());
  });
  ASSERT_TRUE(done) << done.error().what();
}

void pieces_contract::fail(const std::string& id) {
  static const statement update(
      "update generation set status = 'failed', error_code = 'internal', fence = 3 where id = $1");
  auto done = commit([&](store::transaction& tx) {
    tx.stage([&](store::connection& c) { return c.send(update, {std::string_view(id)}); });
    accounts::stage_refund(tx, ana, id, clock.now_ms());
  });
  ASSERT_TRUE(done) << done.error().what();
}

generation_record pieces_contract::row(const std::string& id) {
  return read([&](store::connection& c) { return find_generation(c, ana, id); }).value();
}

std::vector<std::string> pieces_contract::charges(const std::string& id) {
  auto work = [](store::connection& c) { return accounts::list_entries(c, ana, {}, 1'000); };
  std::vector<std::string> out;
  for (const auto& one : read(work).value())
    if (one.generation == id) out.insert(out.begin(), one.kind);
  return out;
}

}  // namespace son1k::api::test
