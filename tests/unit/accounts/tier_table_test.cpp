#include "accounts/tiers/tier_table.hpp"

#include <gmock/gmock.h>

namespace son1k::accounts {
namespace {

using testing::HasSubstr;

TEST(tier_table, defaults_are_those_of_the_documents) {
  const tier_table table;
  const auto& least = table.of("FREE");
  EXPECT_EQ(least.requests_per_minute, 10);
  EXPECT_EQ(least.month, 5);
  EXPECT_EQ(least.day, 2);
  EXPECT_EQ(least.longest_seconds, 60);
  EXPECT_EQ(least.priority, 20);
  EXPECT_TRUE(least.allows("standard"));
  EXPECT_FALSE(least.allows("premium"));
  EXPECT_FALSE(table.of("PREMIUM").allows("ultra"));
  EXPECT_TRUE(table.of("ENTERPRISE").allows("ultra"));
  const auto& system = table.of("SYSTEM");
  EXPECT_EQ(system.requests_per_minute, 0);
  EXPECT_EQ(system.month, 999'999'999);
  EXPECT_EQ(system.priority, 0);
}

TEST(tier_table, a_change_leaves_what_it_does_not_name) {
  auto table = tier_table::parse(" FREE: month=9 , qualities=standard+ultra; ;PRO:longest=0;");
  ASSERT_TRUE(table) << table.error().what();
  EXPECT_EQ(table->of("FREE").month, 9);
  EXPECT_EQ(table->of("FREE").day, 2);
  EXPECT_TRUE(table->of("FREE").allows("ultra"));
  EXPECT_FALSE(table->of("FREE").allows("premium"));
  EXPECT_EQ(table->of("PRO").longest_seconds, 0);
  EXPECT_EQ(table->of("PRO").month, 50);
}

TEST(tier_table, an_unknown_name_gets_what_the_least_tier_gets) {
  const tier_table table;
  EXPECT_EQ(table.find("GOLD"), nullptr);
  EXPECT_EQ(table.find("free"), nullptr);
  EXPECT_EQ(table.of("GOLD").name, least_tier);
}

TEST(tier_table, what_is_wrong_is_named) {
  const std::pair<const char*, const char*> cases[] = {
      {"GOLD:month=1", "\"GOLD\" is none of: FREE"},
      {"SYSTEM:month=1", "\"SYSTEM\" is none of"},
      {"FREE:months=1", "FREE: \"months\" is none of: requests"},
      {"FREE:month", "FREE: month must be a whole number"},
      {"FREE:month=-1", "FREE: month must be a whole number"},
      {"FREE:month=1x", "FREE: month must be a whole number"},
      {"PRO:priority=2097152", "PRO: priority must be a whole number from 0 to 2097151"},
      {"PRO:qualities=best", "PRO: qualities must be of: standard, premium, ultra"},
      {"PRO:qualities=", "PRO: qualities must name at least one"},
  };
  for (const auto& [given, said] : cases) {
    const auto table = tier_table::parse(given);
    ASSERT_FALSE(table) << given;
    const auto why = table.error();
    EXPECT_EQ(why.code, errc::validation) << given;
    EXPECT_EQ(why.field, "tiers") << given;
    EXPECT_THAT(why.message.en, HasSubstr(said));
    EXPECT_FALSE(why.message.es.empty()) << given;
  }
}

}  // namespace
}  // namespace son1k::accounts
