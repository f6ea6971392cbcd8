// The fault-injecting decorator does what tests rely on.
#include "support/faulty_database.hpp"

#include <gmock/gmock.h>

#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/temp_folder.hpp"

namespace son1k::test {
namespace {

const store::statement make_table{"CREATE TABLE IF NOT EXISTS line (n BIGINT)"};
const store::statement add_line{"INSERT INTO line (n) VALUES (1)"};
const store::statement count_lines{"SELECT count(*) FROM line"};

class faulty : public testing::Test {
 protected:
  faulty() {
    store::sqlite_settings settings;
    settings.file = folder_ / "a.db";
    settings.migrations = {};
    db = std::make_unique<faulty_database>(std::move(*store::open_sqlite(settings)));
    EXPECT_TRUE(store::commit_and_wait(*db, executing(make_table)));
  }
  static store::transaction executing(const store::statement& sql) {
    store::transaction tx;
    tx.stage([&sql](store::connection& c) -> result<void> {
      auto ran = c.execute(sql, {});
      return ran ? result<void>{} : ran.error();
    });
    return tx;
  }
  std::int64_t lines() {
    std::int64_t count = -1;
    auto read = store::read_and_wait(*db, [&](store::connection& c) {
      return c.query(count_lines, {},
                     [&](const store::row& r) { return count = r.integer(0), true; });
    });
    return read ? count : -1;
  }

  temp_folder folder_;
  std::unique_ptr<faulty_database> db;
};

TEST_F(faulty, the_nth_commit_fails_without_effect) {
  db->fail_commit(2, error(errc::storage_full, text("planned")));
  EXPECT_TRUE(store::commit_and_wait(*db, executing(add_line)));
  auto refused = store::commit_and_wait(*db, executing(add_line));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::storage_full);
  EXPECT_TRUE(store::commit_and_wait(*db, executing(add_line)));
  EXPECT_EQ(lines(), 2);
}

TEST_F(faulty, a_lost_acknowledgement_has_taken_effect) {
  db->lose_ack(1, error(errc::unavailable, text("planned")));
  EXPECT_FALSE(store::commit_and_wait(*db, executing(add_line)));
  EXPECT_EQ(lines(), 1);
}

TEST_F(faulty, held_commits_wait_for_their_release) {
  db->hold_commits();
  std::atomic<int> done = 0;
  for (int i = 0; i < 3; ++i) {
    db->commit(executing(add_line), [&done](result<void> outcome) { done += outcome ? 1 : 0; });
  }
  EXPECT_EQ(lines(), 0);
  EXPECT_EQ(done, 0);
  db->release_commits();
  EXPECT_TRUE(store::commit_and_wait(*db, executing(add_line)));
  EXPECT_EQ(done, 3);
  EXPECT_EQ(lines(), 4);
}

TEST_F(faulty, the_nth_read_fails) {
  db->fail_read(1, error(errc::unavailable, text("planned")));
  EXPECT_EQ(lines(), -1);
  EXPECT_EQ(lines(), 0);
}

}  // namespace
}  // namespace son1k::test
