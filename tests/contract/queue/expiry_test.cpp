// Expiry: jobs that waited longer than they may do not run.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_expiry : public queue_contract {
 protected:
  job_spec perishable(const std::string& id, std::int64_t ms, std::int32_t priority = 0) {
    auto s = spec(id, priority);
    s.options.expires_in_ms = ms;
    return s;
  }
  void ends_expired(const claimed_job& job) {
    ASSERT_TRUE(job.verdict);
    EXPECT_EQ(job.verdict->code, "expired");
    EXPECT_FALSE(job.verdict->retryable);
    EXPECT_EQ(settle(job.held, outcome::fail(*job.verdict))->state, job_state::failed);
  }
};

TEST_P(queue_contract_expiry, a_job_that_waited_too_long_is_claimed_with_a_verdict) {
  ASSERT_TRUE(add(perishable("a", 1'000)));
  clock().advance(1'000);
  const auto got = claim();
  ASSERT_EQ(got.size(), 1u);
  ends_expired(got[0]);
  EXPECT_EQ(get("a")->error->code, "expired");
  ASSERT_EQ(settled_.size(), 1u);
}

TEST_P(queue_contract_expiry, before_its_time_it_runs) {
  ASSERT_TRUE(add(perishable("a", 1'000)));
  clock().advance(999);
  EXPECT_FALSE(claim().at(0).verdict);
}

TEST_P(queue_contract_expiry, once_started_it_never_expires) {
  ASSERT_TRUE(add(perishable("a", 1'000)));
  const auto held = claim().at(0).held;
  clock().advance(5'000);
  ASSERT_TRUE(finish(held, outcome::release()));
  clock().advance(5'000);
  EXPECT_FALSE(claim().at(0).verdict);
}

TEST_P(queue_contract_expiry, it_is_ended_soon_also_behind_a_long_backlog) {
  std::vector<job_spec> many(50, spec());
  ASSERT_TRUE(add(many));
  ASSERT_TRUE(add(perishable("a", 1'000, 9)));
  clock().advance(1'000);
  const auto got = claim();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].held.id, "a");
  ends_expired(got[0]);
}

TEST_P(queue_contract_expiry, a_delayed_job_expires_too) {
  auto s = perishable("a", 1'000);
  s.options.delay_ms = 60'000;
  ASSERT_TRUE(add(s));
  EXPECT_THAT(claim_ids(1), IsEmpty());
  clock().advance(1'000);
  ends_expired(claim().at(0));
}

TEST_P(queue_contract_expiry, it_is_not_forgotten_over_a_restart) {
  ASSERT_TRUE(add({perishable("a", 1'000), spec("b")}));
  reopen();
  clock().advance(1'000);
  const auto got = claim(2);
  ASSERT_EQ(got.size(), 2u);
  ends_expired(got[0]);
  EXPECT_FALSE(got[1].verdict);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_expiry);

}  // namespace son1k::queue::test
