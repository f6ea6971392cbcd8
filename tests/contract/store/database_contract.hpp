// What every implementation of the `database` port is held to, and the words the cases share.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "store/async.hpp"
#include "store/database.hpp"
#include "support/temp_folder.hpp"
#include "support/writer_gate.hpp"

namespace son1k::test {

struct database_options {
  std::size_t queued_writes_max = 65'536;
  std::size_t queued_reads_max = 65'536;
  std::size_t group_max = 4'096;
};

struct backend {
  std::string name;
  // Whether this machine has what it takes.
  bool (*installed)();
  const char* blob_type;  // of a column
  // Opens the database that lives in the folder; a second opening finds what the first left.
  std::function<result<std::unique_ptr<store::database>>(const std::filesystem::path& folder,
                                                         database_options)>
      open;
};

const backend& backend_named(const std::string& name);
std::vector<std::string> backend_names();

// A note: one row of the table the cases use.
inline const store::statement create_notes{
    "CREATE TABLE IF NOT EXISTS note (number BIGINT PRIMARY KEY, words TEXT)"};
inline const store::statement insert_note{"INSERT INTO note (number, words) VALUES ($1, $2)"};
inline const store::statement select_numbers{"SELECT number FROM note ORDER BY number"};

store::transaction::step writes_note(std::int64_t number, std::string words = "words");
store::transaction note_transaction(std::int64_t number,
                                    store::durability d = store::durability::power);
// The numbers a new read sees.
result<std::vector<std::int64_t>> numbers_in(store::database& db);
// The same from inside a step or a read.
result<std::vector<std::int64_t>> numbers_in(store::connection& c);

// Outcomes of many commits, in the order they came.
class outcomes {
 public:
  explicit outcomes(int expected) : missing_(expected) {}
  store::database::commit_handler handler(int id);
  // Waits for all; each commit's id and result in order of arrival.
  const std::vector<std::pair<int, result<void>>>& wait();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<int, result<void>>> seen_;
  int missing_;
};

class database_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (backend_named(GetParam()).installed()) return reopen();
    if (getenv("CI") != nullptr) FAIL() << GetParam() << " must be installed (tools/setup)";
    GTEST_SKIP() << GetParam() << " is not installed (tools/setup)";
  }
  void reopen(database_options options = {}) {
    db.reset();
    auto opened = backend_named(GetParam()).open(folder.path(), options);
    ASSERT_TRUE(opened) << opened.error().what();
    db = std::move(*opened);
    store::transaction tx;
    tx.stage([](store::connection& c) -> result<void> {
      auto created = c.execute(create_notes, {});
      if (!created) return created.error();
      return {};
    });
    ASSERT_TRUE(store::commit_and_wait(*db, std::move(tx)));
  }

  temp_folder folder;
  std::unique_ptr<store::database> db;
};

}  // namespace son1k::test
