// The product's own statements on PostgreSQL.
#include "api/generation_records.hpp"
#include "api/idempotency.hpp"
#include "integration/postgres/postgres_case.hpp"
#include "queue/schedules/schedule_table.hpp"

namespace son1k::test {
namespace {

using store::commit_and_wait;
using store::connection;
using store::transaction;

class postgres_domain : public postgres_case {
 protected:
  void SetUp() override {
    postgres_case::SetUp();
    settings_.migrations = store::postgres_sources();
  }
};

TEST_F(postgres_domain, pieces_are_written_and_found) {
  auto db = open();
  ASSERT_TRUE(db->migrate());
  for (int n = 1; n <= 3; ++n) {
    api::generation_record piece;
    piece.id = "piece-" + std::to_string(n);
    piece.owner = "ana";
    piece.prompt = "un bolero";
    piece.request = "{}";
    piece.created_at_ms = n;
    transaction tx;
    api::stage_generation(tx, piece);
    auto done = commit_and_wait(*db, std::move(tx));
    ASSERT_TRUE(done) << done.error().what();
  }
  transaction cancel;
  api::stage_generation_cancel(cancel, "ana", "piece-2", 9);
  ASSERT_TRUE(commit_and_wait(*db, std::move(cancel)));
  api::history_query query;
  query.owner = "ana";
  query.limit = 2;
  query.before = "piece-3";
  auto listed =
      store::read_and_wait(*db, [&](connection& c) { return api::list_generations(c, query); });
  ASSERT_TRUE(listed) << listed.error().what();
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[0].status, "cancelled");
  EXPECT_EQ((*listed)[0].finished_at_ms, 9);
  auto counted =
      store::read_and_wait(*db, [&](connection& c) { return api::count_generations(c, query); });
  ASSERT_TRUE(counted) << counted.error().what();
  EXPECT_EQ(*counted, 3);
  transaction forget;
  forget.stage([](connection& c) -> result<void> {
    auto gone = api::forget_replies(c, 1'000'000'000'000, 10);
    return gone ? result<void>{} : gone.error();
  });
  auto forgot = commit_and_wait(*db, std::move(forget));
  EXPECT_TRUE(forgot) << forgot.error().what();
}

}  // namespace
}  // namespace son1k::test
