// What the embedded queue hands out while a cancel is being committed.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;

class cancel_under_way : public queue_contract {
 protected:
  // Commits the cancel of "a", its last step being one that claims; the ids that claim gets.
  std::vector<std::string> claim_during_cancel(bool refused) {
    store::transaction tx;
    EXPECT_TRUE(q().stage_cancel(tx, "songs", "a", effect()));
    auto& loop = new_loop();
    std::future<result<std::vector<claimed_job>>> claimed;
    tx.stage([&](store::connection&) -> result<void> {
      if (!claimed.valid()) {
        claim_request r;
        r.queue = "songs";
        r.worker = "w";
        auto work = q().claim(std::move(r));
        claimed = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
        loop.poll();
      }
      if (refused) return error(errc::conflict, "no");
      return {};
    });
    EXPECT_EQ(store::commit_and_wait(db(), std::move(tx)).has_value(), !refused);
    loop.restart();
    loop.run();
    std::vector<std::string> ids;
    for (const auto& job : *claimed.get()) ids.push_back(job.held.id);
    return ids;
  }
};

TEST_P(cancel_under_way, nobody_claims_what_is_being_removed) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  EXPECT_THAT(claim_during_cancel(false), ElementsAre("b"));
  EXPECT_EQ(get("a").error().code, errc::not_found);
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(cancel_under_way, a_cancel_that_is_refused_puts_the_job_back_to_its_place) {
  auto late = spec("late");
  late.options.delay_ms = 1'000;
  ASSERT_TRUE(add({spec("a"), spec("b"), late}));
  EXPECT_THAT(claim_during_cancel(true), ElementsAre("b"));
  ASSERT_TRUE(add(spec("c")));
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "c"));
  EXPECT_EQ(backend_->effects(), 0);
}

INSTANTIATE_TEST_SUITE_P(, cancel_under_way, testing::Values(backends().back()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace son1k::queue::test
