// Statements that share an identity.
#include <gmock/gmock.h>

#include "store/database.hpp"

namespace son1k::store {
namespace {

TEST(statement, equal_texts_share_one_identity_that_outlives_the_text_given) {
  std::string built = "SELECT 41 + ";
  statement first(built + "1");
  statement second("SELECT 41 + 1");
  statement other("SELECT 41 + 2");
  built.assign(100, 'x');
  EXPECT_EQ(first.id(), second.id());
  EXPECT_NE(first.id(), other.id());
  EXPECT_EQ(first.sql(), "SELECT 41 + 1");
}

}  // namespace
}  // namespace son1k::store
