#include "accounts/identity/program_secrets.hpp"

#include <gtest/gtest.h>

#include "accounts/identity/secrets.hpp"

namespace son1k::accounts {
namespace {

TEST(program_secrets, placeholders_and_short_ones_are_refused_by_the_setting_s_name) {
  for (const std::string one :
       {"", "short", "0123456789012345678901234567890", "changeme-changeme-changeme-changeme",
        "my-Secret-that-is-long-enough-0123456789", "Password0123456789Password0123456789",
        "your-256-bit-key-goes-here-0123456789", "testtesttest-0123456789-abcdefghijkl",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababababababababab",
        "an-example-of-what-stands-in-the-docs-1"}) {
    const auto refused = check_set_secret("jwt_secret", one);
    ASSERT_FALSE(refused) << one;
    EXPECT_EQ(refused.error().code, errc::validation);
    EXPECT_EQ(refused.error().field, "jwt_secret");
    EXPECT_EQ(refused.error().what().find(one.empty() ? "\n" : one), std::string::npos);
  }
}

TEST(program_secrets, random_ones_are_taken) {
  for (int n = 0; n < 100; ++n) {
    const auto one = "k" + new_secret("");
    EXPECT_TRUE(check_set_secret("jwt_secret", one)) << one;
  }
}

TEST(program_secrets, a_list_is_of_several_and_each_must_be_sound) {
  const auto a = "k" + new_secret("");
  const auto b = "k" + new_secret("");
  EXPECT_EQ(*read_set_secrets("backend_secret", " " + a + " ,, " + b),
            (std::vector<std::string>{a, b}));
  EXPECT_TRUE(read_set_secrets("backend_secret", "")->empty());
  EXPECT_FALSE(read_set_secrets("backend_secret", a + ",changeme"));
}

TEST(secrets, are_never_twice_the_same_and_are_known_by_their_digest) {
  const auto a = new_secret("sk_");
  EXPECT_NE(a, new_secret("sk_"));
  EXPECT_EQ(a.size(), 3u + 43u);
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "abcd"));
}

}  // namespace
}  // namespace son1k::accounts
