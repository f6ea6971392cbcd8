// Ageing: no job waits for ever behind a stream of better ones.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;

class queue_contract_ageing : public queue_contract {};

constexpr std::int64_t ten_minutes = 600'000;

TEST_P(queue_contract_ageing, a_job_runs_before_any_that_arrived_ten_minutes_later) {
  ASSERT_TRUE(add(spec("free", 20)));
  clock().advance(ten_minutes);
  ASSERT_TRUE(add(spec("enterprise", 1)));
  EXPECT_THAT(claim_ids(2), ElementsAre("free", "enterprise"));
}

TEST_P(queue_contract_ageing, within_ten_minutes_the_priority_decides) {
  ASSERT_TRUE(add(spec("free", 20)));
  clock().advance(ten_minutes - 1);
  ASSERT_TRUE(add(spec("enterprise", 1)));
  EXPECT_THAT(claim_ids(2), ElementsAre("enterprise", "free"));
}

TEST_P(queue_contract_ageing, an_endless_stream_of_better_jobs_does_not_starve_one) {
  constexpr std::int64_t lease_ms = 3'600'000;  // beyond the test: no run comes back
  ASSERT_TRUE(add(spec("free", 20)));
  for (int minute = 0; minute <= 10; ++minute) {
    ASSERT_TRUE(add({spec("pro-" + std::to_string(minute), 10), spec("", 10)}));
    const auto got = claim(1, lease_ms);
    ASSERT_EQ(got.size(), 1u);
    if (got[0].held.id == "free") return;
    clock().advance(60'000);
  }
  // Eleven of twenty-two better jobs have run by now; the next on turn came ten minutes later or
  // there are still some left that came earlier.
  for (int n = 0; n < 11; ++n) {
    if (claim(1, lease_ms).at(0).held.id == "free") return;
  }
  FAIL() << "it has not run";
}

TEST_P(queue_contract_ageing, a_job_ages_from_the_time_it_is_ready_not_from_its_arrival) {
  auto late = spec("late", 20);
  late.options.delay_ms = ten_minutes;
  ASSERT_TRUE(add(late));
  clock().advance(ten_minutes);
  ASSERT_TRUE(add(spec("good", 1)));
  EXPECT_THAT(claim_ids(2), ElementsAre("good", "late"));
}

TEST_P(queue_contract_ageing, age_goes_before_the_turns_of_groups) {
  auto old = spec("old", 5);
  old.options.group = "a";
  ASSERT_TRUE(add(old));
  clock().advance(ten_minutes);
  auto other = spec("other", 1);
  other.options.group = "b";
  ASSERT_TRUE(add({other, spec("plain", 1)}));
  EXPECT_EQ(claim_ids(1).at(0), "old");
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_ageing);

}  // namespace son1k::queue::test
