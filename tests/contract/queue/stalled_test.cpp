// Leases that ran out: back to waiting, suspects, poison.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;

class queue_contract_stalled : public queue_contract {};

TEST_P(queue_contract_stalled, expired_lease_goes_back_to_waiting) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto first = claim(1, 1'000).at(0);
  clock().advance(999);
  EXPECT_EQ(recover(), 0u);
  clock().advance(1);
  EXPECT_TRUE(comes_back("a"));
  EXPECT_EQ(get("a")->stalls, 1);
  const auto again = claim().at(0);
  EXPECT_EQ(again.held.id, "a");
  EXPECT_EQ(again.attempts_made, 0);
  EXPECT_EQ(again.held.fence, first.held.fence + 1);
  EXPECT_THAT(told(), Contains("stalled:a"));
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_stalled);

}  // namespace son1k::queue::test
