// Leases and fences: renewal, and what an older start may no longer do.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_lease : public queue_contract {};

TEST_P(queue_contract_lease, a_renewed_lease_does_not_expire) {
  ASSERT_TRUE(add(spec("a")));
  const lease held[] = {claim(1, 1'000).at(0).held};
  clock().advance(900);
  EXPECT_THAT(q().renew(held, 1'000), IsEmpty());
  clock().advance(900);
  EXPECT_EQ(recover(), 0u);
  clock().advance(100);
  EXPECT_TRUE(comes_back("a"));
  EXPECT_THAT(q().renew(held, 1'000), ElementsAre("a"));
}

TEST_P(queue_contract_lease, every_write_under_an_older_fence_is_refused) {
  const auto o = overtake();
  EXPECT_EQ(q().progress(o.old, {50, "late"}).error().code, errc::lease_lost);
  EXPECT_EQ(q().log(o.old, "late").error().code, errc::lease_lost);
  EXPECT_EQ(run(q().checkpoint(o.old, "1")).error().code, errc::lease_lost);
  EXPECT_EQ(settle(o.old, outcome::complete("1")).error().code, errc::lease_lost);
  EXPECT_EQ(settle(o.old, outcome::fail(broken())).error().code, errc::lease_lost);
  EXPECT_EQ(backend_->effects(), 0);
  store::transaction tx;
  q().stage_fence_check(tx, o.old);
  EXPECT_EQ(store::commit_and_wait(db(), std::move(tx)).error().code, errc::lease_lost);

  EXPECT_TRUE(q().progress(o.now, {10, "mine"}));
  EXPECT_TRUE(q().log(o.now, "mine"));
  EXPECT_TRUE(run(q().checkpoint(o.now, "1")));
  store::transaction good;
  q().stage_fence_check(good, o.now);
  EXPECT_TRUE(store::commit_and_wait(db(), std::move(good)));
  EXPECT_TRUE(finish(o.now, outcome::complete("2")));
  EXPECT_EQ(get("a")->result, "2");
}

TEST_P(queue_contract_lease, a_stale_lease_in_a_batch_leaves_the_others_unaffected) {
  const auto o = overtake();
  ASSERT_TRUE(add(spec("b")));
  const auto b = claim().at(0).held;
  std::vector<finish_request> batch(2);
  batch[0].held = o.old;
  batch[0].how = outcome::complete("1");
  batch[1].held = b;
  batch[1].how = outcome::complete("2");
  const auto replies = run(q().finish(std::move(batch)));
  EXPECT_EQ(replies[0].error().code, errc::lease_lost);
  ASSERT_TRUE(replies[1]);
  EXPECT_EQ(state("b"), job_state::completed);
}

TEST_P(queue_contract_lease, an_ended_run_cannot_end_again) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(finish(held, outcome::complete("2")).error().code, errc::lease_lost);
  EXPECT_EQ(get("a")->result, "1");
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_lease);

}  // namespace son1k::queue::test
