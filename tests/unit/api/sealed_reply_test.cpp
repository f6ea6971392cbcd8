#include "api/sealed_reply.hpp"

#include <gmock/gmock.h>

namespace son1k::test {
namespace {

using api::open_reply;
using api::seal_reply;
using testing::HasSubstr;
using testing::Not;
using testing::Optional;

TEST(sealed_reply, is_read_under_its_key_by_its_owner_only) {
  const std::string reply = R"({"key":"sk_secret"})";
  const auto sealed = seal_reply(reply, "ana", "the key");
  EXPECT_THAT(sealed, Not(HasSubstr("secret")));
  EXPECT_THAT(open_reply(sealed, "ana", "the key"), Optional(reply));
  EXPECT_EQ(open_reply(sealed, "ana", "another"), std::nullopt);
  EXPECT_EQ(open_reply(sealed, "leo", "the key"), std::nullopt);
  EXPECT_NE(seal_reply(reply, "ana", "the key"), sealed) << "the same twice looks the same";
  EXPECT_THAT(open_reply(seal_reply("", "ana", "k"), "ana", "k"), Optional(std::string()));
}

TEST(sealed_reply, that_was_touched_or_cut_is_nothing) {
  const auto sealed = seal_reply("reply", "ana", "k");
  for (std::size_t n = 0; n < sealed.size(); ++n) {
    auto touched = sealed;
    touched[n] = touched[n] == 'A' ? 'B' : 'A';
    EXPECT_EQ(open_reply(touched, "ana", "k"), std::nullopt) << n;
    EXPECT_EQ(open_reply(sealed.substr(0, n), "ana", "k"), std::nullopt) << n;
  }
  EXPECT_EQ(open_reply("not base64!", "ana", "k"), std::nullopt);
}

TEST(sealed_reply, has_a_name_that_does_not_tell_the_key) {
  EXPECT_THAT(api::name_of_sealed("the key"), Not(HasSubstr("the key")));
  EXPECT_EQ(api::name_of_sealed("the key"), api::name_of_sealed("the key"));
  EXPECT_NE(api::name_of_sealed("the key"), api::name_of_sealed("the kez"));
}

}  // namespace
}  // namespace son1k::test
