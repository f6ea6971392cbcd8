// INSERTs of one row become INSERTs of many, and nothing else does.
#include "store/postgres/postgres_rows.hpp"

#include <gmock/gmock.h>

namespace son1k::store {
namespace {

using testing::ElementsAre;

const statement insert_sack{"INSERT INTO sack (id, words) VALUES ($1, $2)"};
const statement insert_shelf{"insert into shelf (id) values ($1)"};

class postgres_rows_test : public testing::Test {
 protected:
  bool keep(const statement& sql, std::vector<value> params) {
    postgres_params bound;
    EXPECT_TRUE(bound.set(params));
    return rows.keep(sql, params, bound.types());
  }
  std::vector<std::string> taken() {
    std::vector<std::string> out;
    rows.take([&](const statement& sql, std::span<const value> params) {
      std::string told(sql.sql());
      for (const value& v : params) {
        if (const auto* n = std::get_if<std::int64_t>(&v)) told += " " + std::to_string(*n);
        if (const auto* t = std::get_if<std::string_view>(&v)) told += " " + std::string(*t);
      }
      out.push_back(std::move(told));
    });
    return out;
  }
  postgres_rows rows;
};

TEST_F(postgres_rows_test, rows_of_one_statement_go_out_in_few_and_in_their_order) {
  for (std::int64_t n = 1; n <= 3; ++n) {
    const std::string words = "w" + std::to_string(n);  // gone before they are taken
    ASSERT_TRUE(keep(insert_sack, {n, std::string_view(words)}));
    ASSERT_TRUE(keep(insert_shelf, {n}));
  }
  EXPECT_THAT(taken(),
              ElementsAre("INSERT INTO sack (id, words) VALUES ($1, $2), ($3, $4) 1 w1 2 w2",
                          "INSERT INTO sack (id, words) VALUES ($1, $2) 3 w3",
                          "insert into shelf (id) values ($1), ($2) 1 2",
                          "insert into shelf (id) values ($1) 3"));
  EXPECT_TRUE(rows.empty());
  EXPECT_THAT(taken(), ElementsAre());
}

TEST_F(postgres_rows_test, rows_of_other_types_are_statements_of_their_own) {
  ASSERT_TRUE(keep(insert_sack, {std::int64_t{1}, std::string_view("a")}));
  ASSERT_TRUE(keep(insert_sack, {std::int64_t{2}, std::monostate{}}));
  ASSERT_TRUE(keep(insert_sack, {std::int64_t{3}, std::string_view("c")}));
  EXPECT_THAT(taken(), ElementsAre("INSERT INTO sack (id, words) VALUES ($1, $2), ($3, $4) 1 a 3 c",
                                   "INSERT INTO sack (id, words) VALUES ($1, $2) 2"));
}

TEST_F(postgres_rows_test, other_statements_are_left_alone) {
  const std::int64_t first = 1;
  for (const char* text : {"UPDATE sack SET id = $1", "DELETE FROM sack WHERE id = $1",
                           "INSERT INTO sack (id, words) VALUES ($1, 'same')",
                           "INSERT INTO sack (id) VALUES ($1) ON CONFLICT (id) DO NOTHING",
                           "INSERT INTO sack (id) SELECT $1"})
    EXPECT_FALSE(keep(statement(text), {first})) << text;
  EXPECT_FALSE(keep(statement("INSERT INTO sack (id, words) VALUES ($2, $1)"), {first, first}));
  EXPECT_TRUE(rows.empty());
}

TEST_F(postgres_rows_test, it_is_full_after_many_rows_or_much_text) {
  for (std::int64_t n = 0; !rows.full(); ++n) ASSERT_TRUE(n < 1'000 && keep(insert_shelf, {n}));
  EXPECT_EQ(taken().size(), 512u / 64);
  const std::string much(1 << 20, 'x');
  ASSERT_TRUE(keep(insert_sack, {std::int64_t{1}, std::string_view(much)}));
  EXPECT_TRUE(rows.full());
  rows.clear();
  EXPECT_FALSE(rows.full());
}

}  // namespace
}  // namespace son1k::store
