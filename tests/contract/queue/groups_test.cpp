// Groups: fair turns, and limits of their own.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class queue_contract_groups : public queue_contract {
 protected:
  job_spec of(const std::string& group, const std::string& id, std::int32_t priority = 0) {
    auto s = spec(id, priority);
    s.options.group = group;
    return s;
  }
};
class queue_contract_groups_limits : public queue_contract_groups {};

TEST_P(queue_contract_groups, groups_that_wait_take_turns) {
  ASSERT_TRUE(add(
      {of("a", "a1"), of("a", "a2"), of("a", "a3"), of("a", "a4"), of("b", "b1"), of("b", "b2")}));
  EXPECT_THAT(claim_ids(10), ElementsAre("a1", "b1", "a2", "b2", "a3", "a4"));
}

TEST_P(queue_contract_groups, turns_go_on_from_claim_to_claim) {
  ASSERT_TRUE(add({of("a", "a1"), of("a", "a2"), of("a", "a3"), of("b", "b1"), of("c", "c1")}));
  std::vector<std::string> order;
  for (int n = 0; n < 5; ++n) order.push_back(claim_ids(1).at(0));
  EXPECT_THAT(order, ElementsAre("a1", "b1", "c1", "a2", "a3"));
}

TEST_P(queue_contract_groups, jobs_without_a_group_are_one_group_among_the_others) {
  ASSERT_TRUE(add({spec("x1"), spec("x2"), spec("x3"), of("a", "a1")}));
  EXPECT_THAT(claim_ids(10), ElementsAre("x1", "a1", "x2", "x3"));
}

TEST_P(queue_contract_groups, priority_goes_before_turns) {
  ASSERT_TRUE(add({of("a", "a1", 5), of("b", "b1", 5), of("a", "a2", 1), of("a", "a3", 1)}));
  EXPECT_THAT(claim_ids(2), ElementsAre("a2", "a3"));
  EXPECT_THAT(claim_ids(2), UnorderedElementsAre("a1", "b1"));
}

TEST_P(queue_contract_groups, a_group_that_comes_late_has_its_turn_at_once) {
  std::vector<job_spec> many;
  for (int n = 0; n < 50; ++n) many.push_back(of("big", "big-" + std::to_string(n)));
  ASSERT_TRUE(add(many));
  claim(10);
  ASSERT_TRUE(add(of("small", "s1")));
  EXPECT_THAT(claim_ids(2), testing::Contains("s1"));
}

TEST_P(queue_contract_groups, two_tenants_of_unequal_load_share_evenly) {
  std::vector<job_spec> many;
  for (int n = 0; n < 90; ++n) many.push_back(of("big", "big-" + std::to_string(n)));
  for (int n = 0; n < 10; ++n) many.push_back(of("small", "small-" + std::to_string(n)));
  ASSERT_TRUE(add(many));
  int small = 0;
  for (const auto& id : claim_ids(20)) small += id.starts_with("small") ? 1 : 0;
  EXPECT_EQ(small, 10);
}

TEST_P(queue_contract_groups, a_group_whose_job_comes_back_counts_since_its_last_start) {
  ASSERT_TRUE(add({of("a", "a1"), of("b", "b1"), of("c", "c1")}));
  const auto got = claim(2);
  ASSERT_EQ(got.size(), 2u);
  for (const auto* back : {&got[1], &got[0]}) ASSERT_TRUE(finish(back->held, outcome::release()));
  ASSERT_TRUE(add(of("d", "d1")));
  EXPECT_THAT(claim_ids(9), ElementsAre("c1", "a1", "b1", "d1"));
}

TEST_P(queue_contract_groups, a_job_put_to_the_front_goes_before_every_group) {
  ASSERT_TRUE(add({of("a", "a1"), of("a", "a2"), of("b", "b1"), of("b", "b2"), of("b", "b3")}));
  EXPECT_THAT(claim_ids(2), ElementsAre("a1", "b1"));
  ASSERT_TRUE(edit("b3", job_edit::what::to_front));
  EXPECT_THAT(claim_ids(9), ElementsAre("b3", "a2", "b2"));
}

TEST_P(queue_contract_groups, groups_are_known_after_a_restart) {
  ASSERT_TRUE(add({of("a", "a1"), of("a", "a2"), of("b", "b1")}));
  reopen();
  EXPECT_EQ(get("b1")->options.group, "b");
  EXPECT_THAT(claim_ids(3), ElementsAre("a1", "b1", "a2"));
}

TEST_P(queue_contract_groups_limits, no_group_runs_more_than_its_limit_and_the_others_go_on) {
  queue_limits limits;
  limits.each_group.concurrency = 1;
  ASSERT_TRUE(run(q().set_limits("songs", limits)));
  ASSERT_TRUE(add({of("a", "a1"), of("a", "a2"), of("b", "b1")}));
  auto got = claim(5);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].held.id, "a1");
  EXPECT_EQ(got[1].held.id, "b1");
  EXPECT_THAT(claim_ids(5), IsEmpty());
  ASSERT_TRUE(finish(got[0].held, outcome::complete("1")));
  EXPECT_THAT(claim_ids(5), ElementsAre("a2"));
}

TEST_P(queue_contract_groups_limits, a_group_may_have_limits_of_its_own) {
  queue_limits limits;
  limits.each_group.concurrency = 1;
  ASSERT_TRUE(run(q().set_limits("songs", limits)));
  ASSERT_TRUE(run(q().set_group_limits("songs", "big", group_limits{2, std::nullopt})));
  reopen();
  ASSERT_TRUE(
      add({of("big", "b1"), of("big", "b2"), of("big", "b3"), of("a", "a1"), of("a", "a2")}));
  EXPECT_THAT(claim_ids(9), UnorderedElementsAre("b1", "b2", "a1"));
  ASSERT_TRUE(run(q().set_group_limits("songs", "big", group_limits{3, std::nullopt})));
  EXPECT_THAT(claim_ids(9), ElementsAre("b3"));
}

TEST_P(queue_contract_groups_limits, a_group_without_its_own_limits_is_as_every_group_again) {
  ASSERT_TRUE(run(q().set_group_limits("songs", "a", group_limits{1, std::nullopt})));
  ASSERT_TRUE(add({of("a", "a1"), of("a", "a2")}));
  EXPECT_THAT(claim_ids(9), ElementsAre("a1"));
  ASSERT_TRUE(run(q().set_group_limits("songs", "a", std::nullopt)));
  EXPECT_THAT(claim_ids(9), ElementsAre("a2"));
}

TEST_P(queue_contract_groups_limits, a_group_starts_no_more_in_a_window_than_its_rate) {
  queue_limits limits;
  limits.each_group.rate = rate_limit{1, 1'000};
  ASSERT_TRUE(run(q().set_limits("songs", limits)));
  ASSERT_TRUE(add({of("a", "a1"), of("a", "a2"), of("b", "b1")}));
  EXPECT_THAT(claim_ids(9), ElementsAre("a1", "b1"));
  clock().advance(999);
  EXPECT_THAT(claim_ids(9), IsEmpty());
  clock().advance(1);
  EXPECT_THAT(claim_ids(9), ElementsAre("a2"));
}

TEST_P(queue_contract_groups_limits, wrong_limits_are_refused) {
  const auto refused = run(q().set_group_limits("songs", "a", group_limits{-1, std::nullopt}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::validation);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_groups);
SON1K_QUEUE_CONTRACT(queue_contract_groups_limits);

}  // namespace son1k::queue::test
