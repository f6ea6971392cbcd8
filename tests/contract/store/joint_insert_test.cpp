// Rows that the transactions of a group insert together.
#include "store/joint_insert.hpp"

#include <gmock/gmock.h>

#include "contract/store/database_contract.hpp"

namespace son1k::test {
namespace {

using store::connection;
using store::transaction;
using testing::ElementsAre;
using testing::ElementsAreArray;
using number_list = std::vector<std::int64_t>;

const store::joint_insert& notes() {
  static const store::joint_insert insert("insert into note (number, words)", 2);
  return insert;
}

transaction joins_note(std::int64_t id) {
  transaction tx;
  tx.stage([id](connection& c) { return notes().add(c, {id, std::string_view("joint")}); });
  return tx;
}

// Commits all of them as one group; what each was told.
std::vector<result<void>> commit_together(store::database& db, std::vector<transaction> all) {
  outcomes told(static_cast<int>(all.size()));
  {
    const writer_gate gate(db);
    for (std::size_t n = 0; n < all.size(); ++n)
      db.commit(std::move(all[n]), told.handler(static_cast<int>(n)));
  }
  std::vector<result<void>> out(all.size());
  for (const auto& [id, outcome] : told.wait()) out[static_cast<std::size_t>(id)] = outcome;
  return out;
}

TEST_P(database_contract, rows_inserted_jointly_are_all_there_whatever_their_number) {
  number_list wanted;
  for (const int count : {1, 2, 3, 63, 64, 65, 200}) {
    std::vector<transaction> all;
    for (int n = 0; n < count; ++n) {
      wanted.push_back(static_cast<std::int64_t>(wanted.size()) + 1);
      all.push_back(joins_note(wanted.back()));
    }
    for (const auto& each : commit_together(*db, std::move(all))) EXPECT_TRUE(each);
    EXPECT_THAT(*numbers_in(*db), ElementsAreArray(wanted)) << count;
  }
}

TEST_P(database_contract, a_joint_row_that_is_refused_fails_its_own_transaction_only) {
  std::vector<transaction> all;
  for (const std::int64_t id : {1, 2, 1, 3}) all.push_back(joins_note(id));
  const auto told = commit_together(*db, std::move(all));
  ASSERT_FALSE(told[2]);
  const auto why = told[2].error();
  EXPECT_EQ(why.code, errc::conflict);
  for (const std::size_t n : {0u, 1u, 3u}) EXPECT_TRUE(told[n]);
  EXPECT_THAT(*numbers_in(*db), ElementsAreArray(number_list{1, 2, 3}));
}

TEST_P(database_contract, a_step_that_flushes_sees_the_joint_rows_of_its_group) {
  number_list seen;
  std::vector<transaction> all;
  all.push_back(joins_note(1));
  all.push_back(joins_note(2));
  all.emplace_back().stage([&](connection& c) {
    auto flushed = notes().flush(c);
    seen = *numbers_in(c);
    return flushed;
  });
  all.push_back(joins_note(3));
  for (const auto& each : commit_together(*db, std::move(all))) EXPECT_TRUE(each);
  EXPECT_THAT(seen, ElementsAre(1, 2));
  EXPECT_THAT(*numbers_in(*db), ElementsAreArray(number_list{1, 2, 3}));
}

}  // namespace
}  // namespace son1k::test
