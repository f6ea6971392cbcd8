#include "api/generation_plan.hpp"

#include <gmock/gmock.h>

namespace son1k::api {
namespace {

using testing::HasSubstr;

class generation_plan : public testing::Test {
 protected:
  generation_request asks(std::string prompt, std::optional<int> seconds = {},
                          music::quality grade = music::quality::standard) {
    generation_request out;
    out.piece.prompt = std::move(prompt);
    out.piece.duration_seconds = seconds;
    out.piece.grade = grade;
    return out;
  }
  const accounts::tier_table tiers;
  const accounts::tier& least = tiers.of("FREE");
};

TEST_F(generation_plan, a_piece_is_no_longer_than_the_tier_s) {
  auto fits = asks("a waltz", 60);
  EXPECT_TRUE(fit_to_plan(least, fits));
  auto long_one = asks("a waltz", 61);
  const auto field = fit_to_plan(least, long_one);
  ASSERT_FALSE(field);
  const auto why = field.error();
  EXPECT_EQ(why.code, errc::validation);
  EXPECT_EQ(why.field, "duration");
  EXPECT_EQ(why.details.at("longestSeconds").as_int64(), 60);
  EXPECT_THAT(why.message.es, HasSubstr("60 s"));
  EXPECT_TRUE(fit_to_plan(tiers.of("PRO"), long_one));
  auto longest = asks("a waltz", 600);
  EXPECT_TRUE(fit_to_plan(tiers.of("SYSTEM"), longest));
  EXPECT_TRUE(fit_to_plan(tiers.of("ENTERPRISE"), longest));
}

TEST_F(generation_plan, a_length_in_the_prompt_counts_unless_the_field_says_otherwise) {
  auto told = asks("a waltz of 90 seconds");
  const auto prompt = fit_to_plan(least, told);
  ASSERT_FALSE(prompt);
  EXPECT_EQ(prompt.error().field, "prompt");
  auto beaten = asks("a waltz of 90 seconds", 30);
  EXPECT_TRUE(fit_to_plan(least, beaten));
}

TEST_F(generation_plan, a_piece_without_a_length_gets_one_that_the_tier_allows) {
  const auto shorter = accounts::tier_table::parse("FREE:longest=20").value();
  auto open = asks("a waltz");
  ASSERT_TRUE(fit_to_plan(shorter.of("FREE"), open));
  EXPECT_EQ(open.piece.duration_seconds, 20);
  auto usual = asks("a waltz");
  ASSERT_TRUE(fit_to_plan(least, usual));
  EXPECT_FALSE(usual.piece.duration_seconds);
}

TEST_F(generation_plan, a_quality_of_a_higher_tier_is_refused_by_name) {
  auto premium = asks("a waltz", 30, music::quality::premium);
  const auto refused = fit_to_plan(least, premium);
  ASSERT_FALSE(refused);
  const auto why = refused.error();
  EXPECT_EQ(why.code, errc::forbidden);
  EXPECT_EQ(why.field, "quality");
  EXPECT_EQ(why.details.at("qualities").as_array().size(), 1u);
  EXPECT_TRUE(fit_to_plan(tiers.of("PRO"), premium));
}

}  // namespace
}  // namespace son1k::api
