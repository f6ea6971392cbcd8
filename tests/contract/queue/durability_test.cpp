// What was acknowledged is there after the process has died.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;

class queue_contract_durability : public queue_contract {};

TEST_P(queue_contract_durability, what_was_acknowledged_is_there_after_a_restart) {
  auto later = spec("later");
  later.options.delay_ms = 10'000;
  ASSERT_TRUE(add({spec("done"), spec("gone"), spec("a"), spec("p", 4), later}));
  const auto jobs = claim(2);
  ASSERT_TRUE(finish(jobs[0].held, outcome::complete("1")));
  ASSERT_TRUE(finish(jobs[1].held, outcome::fail(broken(false))));
  reopen();
  const auto n = counts();
  EXPECT_EQ(n.waiting, 1);
  EXPECT_EQ(n.prioritized, 1);
  EXPECT_EQ(n.delayed, 1);
  EXPECT_EQ(n.completed, 1);
  EXPECT_EQ(n.failed, 1);
  EXPECT_EQ(get("done")->result, "1");
  EXPECT_EQ(get("gone")->error->code, "upstream");
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "p"));
  clock().advance(10'000);
  EXPECT_THAT(claim_ids(5), ElementsAre("later"));
}

TEST_P(queue_contract_durability,
       a_job_that_was_active_when_its_process_died_waits_again_at_its_place) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  const auto before = claim(2);
  ASSERT_TRUE(finish(before[1].held, outcome::delay_until(0)));
  reopen();
  EXPECT_EQ(get("a")->stalls, 1);
  EXPECT_EQ(get("b")->stalls, 0);
  EXPECT_EQ(q().progress(before[0].held, {1, "late"}).error().code, errc::lease_lost);
  EXPECT_EQ(finish(before[0].held, outcome::complete("1")).error().code, errc::lease_lost);
  const auto again = claim().at(0);
  EXPECT_EQ(again.held.id, "a");
  EXPECT_EQ(again.held.fence, 2);
  EXPECT_EQ(again.attempts_made, 0);
  reopen();
  EXPECT_EQ(get("a")->stalls, 2);
  EXPECT_EQ(claim().at(0).held.fence, 3);
}

TEST_P(queue_contract_durability, attempts_survive_a_restart) {
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken())));
  reopen();
  clock().advance(2'000);
  const auto job = claim().at(0);
  EXPECT_EQ(job.attempts_made, 1);
  EXPECT_EQ(job.held.fence, 2);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_durability);

}  // namespace son1k::queue::test
