// Migrations and promises on PostgreSQL.
#include <thread>

#include "integration/postgres/postgres_case.hpp"

namespace son1k::test {
namespace {

using store::commit_and_wait;
using store::connection;
using store::durability;
using store::row;
using store::statement;
using store::transaction;

class postgres_schema : public postgres_case {
 protected:
  void SetUp() override {
    postgres_case::SetUp();
    settings_.migrations = store::postgres_sources();
  }
};

TEST_F(postgres_schema, programs_that_migrate_at_once_apply_each_version_once) {
  std::vector<std::unique_ptr<store::database>> programs;
  for (int n = 0; n < 4; ++n) programs.push_back(open());
  std::atomic<std::size_t> applied = 0;
  std::vector<std::thread> threads;
  for (auto& one : programs) {
    threads.emplace_back([&applied, &one] {
      auto migrated = one->migrate();
      ASSERT_TRUE(migrated) << migrated.error().what();
      applied += migrated->size();
    });
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(applied, store::postgres_sources().size());
  for (auto& one : programs) {
    auto statuses = one->migrations();
    ASSERT_TRUE(statuses);
    for (const auto& status : *statuses) EXPECT_TRUE(status.applied) << status.name;
  }
}

TEST_F(postgres_schema, a_newer_schema_is_left_alone) {
  ASSERT_TRUE(open()->migrate());
  in_database("INSERT INTO schema_migration VALUES (9999, 'future', '0', 0)");
  auto opened = store::open_postgres(settings_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::schema_newer);
}

TEST_F(postgres_schema, a_migration_that_fails_or_ends_its_transaction_leaves_nothing) {
  const std::vector<store::migration_source> broken{
      {"0001_a.sql", "CREATE TABLE a (x BIGINT); CREATE TABLE b (y BIGINT);"},
      {"0002_b.sql", "INSERT INTO a VALUES (1); INSERT INTO missing VALUES (1);"}};
  settings_.migrations = broken;
  auto db = open();
  auto migrated = db->migrate();
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().field, "migration 0002_b");
  EXPECT_EQ(in_database("SELECT count(*) FROM a"), "0");
  EXPECT_EQ(in_database("SELECT max(version) FROM schema_migration"), "1");
  db.reset();
  const std::vector<store::migration_source> ending{broken[0],
                                                    {"0002_b.sql", "COMMIT; BEGIN; SELECT 1;"}};
  settings_.migrations = ending;
  auto refused = open()->migrate();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::internal);
  EXPECT_EQ(in_database("SELECT max(version) FROM schema_migration"), "1");
}

TEST_F(postgres_schema, what_is_promised_against_power_cuts_is_flushed_whatever_the_default) {
  static const statement look("SELECT current_setting('synchronous_commit')");
  for (const char* fallback : {"on", "off"}) {
    in_database("ALTER DATABASE " + name_ + " SET synchronous_commit = " + fallback);
    auto db = open();
    auto seen = [&db](durability d) {
      std::string mode;
      transaction tx(d);
      tx.stage([&mode](connection& c) {
        return c.query(look, {}, [&mode](const row& r) {
          mode = r.text(0);
          return true;
        });
      });
      EXPECT_TRUE(commit_and_wait(*db, std::move(tx)));
      return mode;
    };
    EXPECT_EQ(seen(durability::power), "on") << fallback;
    EXPECT_EQ(seen(durability::process), "off") << fallback;
  }
}

}  // namespace
}  // namespace son1k::test
