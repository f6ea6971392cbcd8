// What a failing disk does to commits: room, broken writes, fsyncs that are not confirmed; and that
// each promise costs the fsyncs it should.
#include <gmock/gmock.h>

#include <fstream>
#include <future>

#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/faulty_disk.hpp"
#include "support/temp_folder.hpp"
#include "support/writer_gate.hpp"

namespace son1k::store {
namespace {

using test::disk_fault;
using test::set_disk_fault;

const statement make_table{"CREATE TABLE IF NOT EXISTS line (n BIGINT)"};
const statement add_line{"INSERT INTO line (n) VALUES ($1)"};
const statement count_lines{"SELECT count(*) FROM line"};

class sqlite_disk : public testing::Test {
 protected:
  void SetUp() override {
    // Registered only once the library is configured.
    sqlite_settings plain = settings();
    plain.vfs.clear();
    ASSERT_TRUE(open_sqlite(plain));
    reopen();
    ASSERT_TRUE(commit(make_table, {}));
  }
  void TearDown() override {
    set_disk_fault(disk_fault::none);
    db_.reset();
  }
  sqlite_settings settings() {
    sqlite_settings s;
    s.file = folder_ / "a.db";
    s.migrations = {};
    return s;
  }
  void reopen() {
    db_.reset();
    sqlite_settings s = settings();
    s.vfs = test::faulty_disk();
    auto opened = open_sqlite(s);
    ASSERT_TRUE(opened) << opened.error().what();
    db_ = std::move(*opened);
  }
  static transaction executing(const statement& sql, std::vector<std::int64_t> numbers,
                               durability d = durability::power) {
    transaction tx(d);
    tx.stage([&sql, numbers](connection& c) -> result<void> {
      std::vector<value> params(numbers.begin(), numbers.end());
      auto ran = c.execute(sql, std::span<const value>(params));
      return ran ? result<void>{} : ran.error();
    });
    return tx;
  }
  result<void> commit(const statement& sql, std::vector<std::int64_t> numbers,
                      durability d = durability::power) {
    return commit_and_wait(*db_, executing(sql, std::move(numbers), d));
  }
  std::int64_t lines() {
    std::int64_t count = -1;
    auto read = read_and_wait(*db_, [&](connection& c) {
      return c.query(count_lines, {}, [&](const row& r) { return count = r.integer(0), true; });
    });
    return read ? count : -1;
  }

  test::temp_folder folder_;
  std::unique_ptr<database> db_;
};

TEST_F(sqlite_disk, no_room_is_storage_full_and_writing_goes_on_by_itself) {
  ASSERT_TRUE(commit(add_line, {1}));
  set_disk_fault(disk_fault::no_room);
  auto refused = commit(add_line, {2});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::storage_full);
  EXPECT_FALSE(refused.error().message.es.empty());
  EXPECT_EQ(lines(), 1);
  set_disk_fault(disk_fault::none);
  EXPECT_TRUE(commit(add_line, {3}));
  EXPECT_EQ(lines(), 2);
}

TEST_F(sqlite_disk, no_room_refuses_every_transaction_of_the_group) {
  test::writer_gate gate(*db_);
  std::vector<std::future<errc>> codes;
  for (int i = 0; i < 20; ++i) {
    auto code = std::make_shared<std::promise<errc>>();
    codes.push_back(code->get_future());
    db_->commit(executing(add_line, {i}), [code](result<void> outcome) {
      code->set_value(outcome ? errc::validation : outcome.error().code);
    });
  }
  set_disk_fault(disk_fault::no_room);
  gate.release();
  for (auto& code : codes) EXPECT_EQ(code.get(), errc::storage_full);
  EXPECT_EQ(lines(), 0);
}

TEST_F(sqlite_disk, a_broken_write_is_unavailable_and_nothing_of_it_stays) {
  set_disk_fault(disk_fault::broken_write);
  auto refused = commit(add_line, {1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  set_disk_fault(disk_fault::none);
  EXPECT_TRUE(commit(add_line, {2}));
  EXPECT_EQ(lines(), 1);
}

TEST_F(sqlite_disk, an_fsync_that_fails_is_not_acknowledged_and_no_later_one_is_believed) {
  ASSERT_TRUE(commit(add_line, {1}));
  set_disk_fault(disk_fault::lost_fsync);
  bool told_committed = true;
  transaction tx = executing(add_line, {2});
  tx.on_outcome([&](bool committed) { told_committed = committed; });
  auto refused = commit_and_wait(*db_, std::move(tx));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_FALSE(told_committed);
  set_disk_fault(disk_fault::none);
  // The system may report success now although it dropped what it could not write.
  EXPECT_FALSE(commit(add_line, {3}));
  EXPECT_FALSE(commit(add_line, {4}, durability::process));
  // What was not confirmed is in the file, as after a reply that was lost; nothing came after it.
  EXPECT_EQ(lines(), 2);
  reopen();
  EXPECT_TRUE(commit(add_line, {5}));
}

TEST_F(sqlite_disk, a_promise_against_power_cuts_costs_one_fsync_and_the_other_none) {
  ASSERT_TRUE(commit(add_line, {1}));
  int before = test::confirmed_fsyncs("a.db-wal");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(commit(add_line, {i}, durability::process));
  EXPECT_EQ(test::confirmed_fsyncs("a.db-wal"), before);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(commit(add_line, {i}));
  EXPECT_EQ(test::confirmed_fsyncs("a.db-wal"), before + 10);
  ASSERT_TRUE(commit(add_line, {1}, durability::process));
  EXPECT_EQ(test::confirmed_fsyncs("a.db-wal"), before + 10);
}

TEST_F(sqlite_disk, a_group_costs_one_fsync) {
  test::writer_gate gate(*db_);
  std::promise<void> last;
  for (int i = 0; i < 100; ++i) {
    db_->commit(executing(add_line, {i}), [i, &last](result<void>) {
      if (i == 99) last.set_value();
    });
  }
  int before = test::confirmed_fsyncs("a.db-wal");
  gate.release();
  last.get_future().wait();
  EXPECT_EQ(test::confirmed_fsyncs("a.db-wal"), before + 1);
  EXPECT_EQ(lines(), 100);
}

// Whether the third comes before the fsync of the first is a race between the writer and the thread
// that tells; one that is won shows that the fsync is shared, and the order holds either way.
TEST_F(sqlite_disk, what_a_written_commit_leads_to_at_once_shares_its_fsync) {
  bool shared = false;
  for (int round = 0; round < 100 && !shared; ++round) {
    std::promise<void> all;
    std::vector<std::string> told;
    transaction first = executing(add_line, {3 * round + 1});
    first.on_written([&](bool) {
      db_->commit(executing(add_line, {3 * round + 2}, durability::process),
                  [&](result<void> second) {
                    told.push_back(second ? "second" : "refused");
                    db_->commit(executing(add_line, {3 * round + 3}), [&](result<void> third) {
                      told.push_back(third ? "third" : "refused");
                      all.set_value();
                    });
                  });
    });
    const int before = test::confirmed_fsyncs("a.db-wal");
    db_->commit(std::move(first),
                [&](result<void> ok) { told.push_back(ok ? "first" : "refused"); });
    all.get_future().wait();
    // A busy machine may let the writer go on before the second commit is there.
    ASSERT_THAT(told, testing::UnorderedElementsAre("first", "second", "third"));
    shared = told[0] == "second" && told[1] == "first" &&
             test::confirmed_fsyncs("a.db-wal") == before + 1;
  }
  EXPECT_TRUE(shared);
}

TEST_F(sqlite_disk, a_written_commit_whose_fsync_fails_is_not_acknowledged) {
  set_disk_fault(disk_fault::lost_fsync);
  bool told_written = false;
  transaction tx = executing(add_line, {1});
  tx.on_written([&](bool written) {
    told_written = written;
    db_->commit(executing(add_line, {2}, durability::process), [](result<void>) {});
  });
  EXPECT_FALSE(commit_and_wait(*db_, std::move(tx)));
  EXPECT_TRUE(told_written);
}

// The two salts in the header change when the log begins anew
// (sqlite.org/fileformat2.html#walformat).
std::string salts_of(const std::filesystem::path& log) {
  std::ifstream in(log, std::ios::binary);
  std::string header(24, '\0');
  in.read(header.data(), 24);
  return header.substr(16);
}

TEST_F(sqlite_disk, the_log_begins_anew_under_steady_load) {
  sqlite_settings s = settings();
  s.file = folder_ / "b.db";
  s.log_pages_max = 40;
  auto opened = open_sqlite(s);
  ASSERT_TRUE(opened);
  ASSERT_TRUE(commit_and_wait(**opened, executing(make_table, {})));
  std::filesystem::path log = folder_ / "b.db-wal";
  std::string first = salts_of(log);
  std::int64_t n = 0;
  while (salts_of(log) == first && n < 200'000) {
    ASSERT_TRUE(commit_and_wait(**opened, executing(add_line, {++n}, durability::process)));
  }
  EXPECT_NE(salts_of(log), first);
  EXPECT_GT(n, 10);
}

}  // namespace
}  // namespace son1k::store
