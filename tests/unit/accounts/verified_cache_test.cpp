#include "accounts/identity/verified_cache.hpp"

#include <gtest/gtest.h>

namespace son1k::accounts {
namespace {

identity some(std::string user, std::string session = "") {
  identity out;
  out.user = std::move(user);
  out.session = std::move(session);
  return out;
}

TEST(verified_cache, gives_what_it_kept_until_either_clock_says_no) {
  verified_cache cache(10);
  cache.keep("a", some("ana"), {1'000, 500}, 0);
  cache.keep("b", some("bea"), {0, 500}, 0);
  EXPECT_EQ(cache.find("a", {999, 499})->user, "ana");
  EXPECT_EQ(cache.find("b", {9'999'999, 499})->user, "bea");
  EXPECT_FALSE(cache.find("a", {1'000, 0}));
  EXPECT_FALSE(cache.find("b", {0, 500}));
  EXPECT_FALSE(cache.find("c", {0, 0}));
  EXPECT_EQ(cache.size(), 0u);
}

TEST(verified_cache, makes_room_by_what_was_not_asked_for_longest) {
  verified_cache cache(3);
  for (const char* one : {"a", "b", "c"}) cache.keep(one, some("ana"), {0, 1}, 0);
  EXPECT_TRUE(cache.find("a", {0, 0}));
  cache.keep("d", some("ana"), {0, 1}, 0);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_FALSE(cache.find("b", {0, 0}));
  for (const char* one : {"a", "c", "d"}) EXPECT_TRUE(cache.find(one, {0, 0})) << one;
}

TEST(verified_cache, forgets_a_session_or_all_of_a_user_and_nobody_elses) {
  verified_cache cache(10);
  cache.keep("a1", some("ana", "1"), {0, 1}, 0);
  cache.keep("a1 again", some("ana", "1"), {0, 1}, 0);
  cache.keep("a2", some("ana", "2"), {0, 1}, 0);
  cache.keep("b1", some("bea", "1"), {0, 1}, 0);
  cache.forget({"ana", "1"});
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_TRUE(cache.find("a2", {0, 0}));
  cache.forget({"ana", ""});
  EXPECT_FALSE(cache.find("a2", {0, 0}));
  EXPECT_TRUE(cache.find("b1", {0, 0}));
}

TEST(verified_cache, keeps_nothing_that_was_looked_up_before_something_was_forgotten) {
  verified_cache cache(10);
  const auto before = cache.forgotten();
  cache.forget({"ana", ""});
  cache.keep("a", some("ana"), {0, 1}, before);
  EXPECT_FALSE(cache.find("a", {0, 0}));
  cache.keep("a", some("ana"), {0, 1}, cache.forgotten());
  EXPECT_TRUE(cache.find("a", {0, 0}));
}

}  // namespace
}  // namespace son1k::accounts
