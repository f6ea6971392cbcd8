// Migrations: names and numbers, comparison with what a database has, application.
#include "store/migrator.hpp"

#include <gmock/gmock.h>

#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/temp_folder.hpp"

namespace son1k::store {
namespace {

using testing::HasSubstr;

constexpr std::string_view make_a = "CREATE TABLE a (x BIGINT); -- first\nCREATE TABLE b (y TEXT);";
constexpr std::string_view fill_a = "INSERT INTO a (x) VALUES (1), (2);";
constexpr std::string_view broken = "INSERT INTO a (x) VALUES (3); INSERT INTO missing VALUES (1);";
constexpr std::string_view commits = "INSERT INTO a (x) VALUES (4); COMMIT; BEGIN;";

const std::vector<migration_source> one{{"0001_make.sql", make_a}};
const std::vector<migration_source> two{{"0001_make.sql", make_a}, {"0002_fill.sql", fill_a}};

struct name_case {
  std::vector<std::string_view> files;
  bool good;
};

TEST(migrator, numbers_have_no_gap_and_no_twin_and_names_one_shape) {
  const std::vector<name_case> rows{
      {{}, true},
      {{"0001_job.sql"}, true},
      {{"0002_b.sql", "0001_a.sql"}, true},
      {{"0002_b.sql"}, false},
      {{"0001_a.sql", "0003_c.sql"}, false},
      {{"0001_a.sql", "0001_b.sql"}, false},
      {{"0000_a.sql"}, false},
      {{"1_a.sql"}, false},
      {{"0001-a.sql"}, false},
      {{"0001_.sql"}, false},
      {{"0001_a.txt"}, false},
      {{"00a1_a.sql"}, false},
  };
  for (const name_case& row : rows) {
    std::vector<migration_source> sources;
    for (auto file : row.files) sources.push_back({file, "SELECT 1;"});
    EXPECT_EQ(parse_migrations(sources).has_value(), row.good)
        << (row.files.empty() ? "" : row.files.back());
  }
}

TEST(migrator, the_programs_own_migrations_are_well_numbered) {
  auto parsed = parse_migrations(sqlite_sources());
  ASSERT_TRUE(parsed) << parsed.error().what();
  EXPECT_FALSE(parsed->empty());
}

TEST(migrator, every_database_has_the_same_numbers_and_names) {
  auto sqlite = *parse_migrations(sqlite_sources());
  auto postgres = parse_migrations(postgres_sources());
  ASSERT_TRUE(postgres) << postgres.error().what();
  ASSERT_EQ(sqlite.size(), postgres->size());
  for (std::size_t i = 0; i < sqlite.size(); ++i) EXPECT_EQ(sqlite[i].name, (*postgres)[i].name);
}

TEST(migrator, a_changed_text_changes_the_checksum) {
  const std::vector<migration_source> sources{{"0001_a.sql", make_a}, {"0002_b.sql", fill_a}};
  auto parsed = *parse_migrations(sources);
  EXPECT_NE(parsed[0].checksum, parsed[1].checksum);
  EXPECT_EQ(parsed[0].checksum.size(), 16u);
}

TEST(migrator, comparison_knows_newer_altered_and_missing) {
  auto known = *parse_migrations(two);
  auto row = [&](int version) {
    auto at = static_cast<std::size_t>(version - 1);
    return applied_migration{version, "n", at < known.size() ? known[at].checksum : "?", 5};
  };
  EXPECT_TRUE(compare(known, std::vector<applied_migration>{}));
  auto half = compare(known, std::vector{row(1)});
  ASSERT_TRUE(half);
  EXPECT_TRUE((*half)[0].applied);
  EXPECT_EQ((*half)[0].applied_at_ms, 5);
  EXPECT_FALSE((*half)[1].applied);
  EXPECT_EQ((*half)[1].sql, fill_a);

  auto newer = compare(known, std::vector{row(1), row(2), row(3)});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, errc::schema_newer);
  EXPECT_THAT(newer.error().message.en, HasSubstr("version 3"));
  EXPECT_THAT(newer.error().message.en, HasSubstr("up to 2"));
  EXPECT_THAT(newer.error().message.es, HasSubstr("versión de esquema 3"));

  auto altered = row(1);
  altered.checksum = "0000000000000000";
  EXPECT_EQ(compare(known, std::vector{altered}).error().code, errc::storage_corrupt);
  EXPECT_EQ(compare(known, std::vector{row(2)}).error().code, errc::storage_corrupt);
}

class migrated_database : public testing::Test {
 protected:
  result<std::unique_ptr<database>> open(std::span<const migration_source> sources,
                                         sqlite_access access = sqlite_access::own) {
    sqlite_settings settings;
    settings.file = folder_ / "a.db";
    settings.migrations = sources;
    settings.access = access;
    return open_sqlite(settings);
  }
  static std::int64_t count_a(database& db) {
    static const statement count{"SELECT count(*) FROM a"};
    std::int64_t rows = -1;
    auto read = read_and_wait(db, [&](connection& c) {
      return c.query(count, {}, [&](const row& r) { return rows = r.integer(0), true; });
    });
    return read ? rows : -1;
  }
  test::temp_folder folder_;
};

TEST_F(migrated_database, is_migrated_in_order_and_only_once) {
  auto db = std::move(*open(two));
  auto before = db->migrations();
  ASSERT_TRUE(before) << before.error().what();
  ASSERT_EQ(before->size(), 2u);
  EXPECT_FALSE((*before)[0].applied);
  auto applied = db->migrate();
  ASSERT_TRUE(applied) << applied.error().what();
  EXPECT_EQ(applied->size(), 2u);
  EXPECT_EQ((*applied)[1].name, "fill");
  EXPECT_GT((*applied)[1].applied_at_ms, 0);
  EXPECT_EQ(count_a(*db), 2);
  auto again = db->migrate();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->empty());
  EXPECT_EQ(count_a(*db), 2);
  for (const auto& status : *db->migrations()) EXPECT_TRUE(status.applied);
}

TEST_F(migrated_database, a_later_program_applies_what_is_missing) {
  ASSERT_TRUE((*open(one))->migrate());
  auto db = std::move(*open(two));
  auto applied = db->migrate();
  ASSERT_TRUE(applied);
  ASSERT_EQ(applied->size(), 1u);
  EXPECT_EQ(applied->front().version, 2);
}

TEST_F(migrated_database, a_failing_migration_leaves_nothing_of_itself_and_those_before_it) {
  const std::vector<migration_source> sources{
      {"0001_make.sql", make_a}, {"0002_fill.sql", fill_a}, {"0003_broken.sql", broken}};
  {
    auto db = std::move(*open(sources));
    auto applied = db->migrate();
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().field, HasSubstr("0003_broken"));
    EXPECT_EQ(count_a(*db), 2);
    auto statuses = *db->migrations();
    EXPECT_TRUE(statuses[1].applied);
    EXPECT_FALSE(statuses[2].applied);
  }
}

TEST_F(migrated_database, a_script_that_ends_the_transaction_is_refused) {
  const std::vector<migration_source> sources{{"0001_make.sql", make_a},
                                              {"0002_commits.sql", commits}};
  auto db = std::move(*open(sources));
  EXPECT_FALSE(db->migrate());
  EXPECT_FALSE((*db->migrations())[1].applied);
}

TEST_F(migrated_database, an_older_program_is_refused_at_open_and_names_both_versions) {
  ASSERT_TRUE((*open(two))->migrate());
  for (auto access : {sqlite_access::own, sqlite_access::inspect}) {
    auto opened = open(one, access);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::schema_newer);
    EXPECT_THAT(opened.error().message.en, HasSubstr("version 2"));
    EXPECT_THAT(opened.error().message.en, HasSubstr("up to 1"));
    EXPECT_THAT(opened.error().field, HasSubstr("a.db"));
  }
}

TEST_F(migrated_database, an_applied_migration_that_was_edited_is_refused) {
  ASSERT_TRUE((*open(one))->migrate());
  const std::vector<migration_source> edited{{"0001_make.sql", "CREATE TABLE a (x TEXT);"}};
  auto opened = open(edited);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::storage_corrupt);
}

TEST_F(migrated_database, is_inspected_beside_its_owner_and_never_written) {
  auto owner = std::move(*open(two));
  ASSERT_TRUE(owner->migrate());
  auto opened = open(two, sqlite_access::inspect);
  ASSERT_TRUE(opened) << opened.error().what();
  database& other = **opened;
  EXPECT_TRUE((*other.migrations())[1].applied);
  EXPECT_EQ(count_a(other), 2);
  transaction tx;
  tx.stage([](connection&) -> result<void> { return {}; });
  auto refused = commit_and_wait(other, std::move(tx));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::forbidden);
}

TEST_F(migrated_database, there_is_nothing_to_inspect_without_a_file) {
  auto opened = open(two, sqlite_access::inspect);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::not_found);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace son1k::store
