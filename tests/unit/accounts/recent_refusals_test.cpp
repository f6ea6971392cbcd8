#include "accounts/quota/recent_refusals.hpp"

#include <gtest/gtest.h>

namespace son1k::accounts {
namespace {

TEST(recent_refusals, are_known_until_the_quota_begins_anew) {
  recent_refusals seen;
  EXPECT_FALSE(seen.has("ana", 1));
  seen.note("ana", 10);
  EXPECT_TRUE(seen.has("ana", 9));
  EXPECT_FALSE(seen.has("bea", 9));
  EXPECT_FALSE(seen.has("ana", 10));
  EXPECT_FALSE(seen.has("ana", 9)) << "forgotten";
}

TEST(recent_refusals, are_no_more_than_so_many) {
  recent_refusals seen;
  constexpr auto most = recent_refusals::accounts_max;
  for (std::size_t n = 0; n < 2 * most; ++n) seen.note(std::to_string(n), 10);
  std::size_t known = 0;
  for (std::size_t n = 0; n < 2 * most; ++n) known += seen.has(std::to_string(n), 1) ? 1 : 0;
  EXPECT_EQ(known, most);
}

}  // namespace
}  // namespace son1k::accounts
