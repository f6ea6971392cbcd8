#include "contract/pieces/pieces_place.hpp"

#include "accounts/quota/ledger.hpp"
#include "support/fresh_databases.hpp"

namespace son1k::api::test {
using store::statement;

void pieces_contract::SetUp() {
  nodes_ = son1k::test::open_fresh(GetParam(), folder_.path(), 2);
  if (nodes_.empty()) {
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
