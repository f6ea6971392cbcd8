// What operators do: pause, edit, clean, obliterate.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_control : public queue_contract {};

TEST_P(queue_contract_control, a_paused_queue_hands_nothing_out_and_remembers_it) {
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(run(q().pause("songs", true)));
  EXPECT_TRUE(counts().paused);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  ASSERT_TRUE(add(spec("b")));
  reopen();
  EXPECT_TRUE(counts().paused);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  ASSERT_TRUE(run(q().pause("songs", false)));
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "b"));
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_control);

}  // namespace son1k::queue::test
