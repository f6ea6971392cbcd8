// Records of runs: what the lasting history is told.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_records : public queue_contract {
 protected:
  void listen() {
    records_ = std::make_shared<std::vector<run_record>>();
    subscription_ = q().record_runs([to = records_](std::span<const run_record> some) {
      to->insert(to->end(), some.begin(), some.end());
    });
  }
  void TearDown() override { subscription_.reset(); }
  std::shared_ptr<std::vector<run_record>> records_;
  std::shared_ptr<void> subscription_;
};

TEST_P(queue_contract_records, a_completed_run_is_told_whole) {
  listen();
  auto s = spec("a", 2);
  s.user = "ana";
  s.data = R"({"n":1})";
  s.options.group = "team";
  ASSERT_TRUE(add(s));
  const auto added = clock().now_ms();
  clock().advance(10);
  const auto job = claim().at(0);
  clock().advance(20);
  std::vector<finish_request> one(1);
  one[0].held = job.held;
  one[0].how = outcome::complete("7");
  one[0].cost = {1'500, 4'096};
  ASSERT_TRUE(run(q().finish(std::move(one))).front());
  ASSERT_EQ(records_->size(), 1u);
  const auto& r = records_->front();
  EXPECT_EQ(r.job, (job_ref{"songs", "a"}));
  EXPECT_EQ(r.kind, "probe");
  EXPECT_EQ(r.user, "ana");
  EXPECT_EQ(r.group, "team");
  EXPECT_EQ(r.data, R"({"n":1})");
  EXPECT_EQ(r.worker, "w");
  EXPECT_EQ(r.priority, 2);
  EXPECT_EQ(r.fence, 1);
  EXPECT_EQ(r.attempts_made, 1);
  EXPECT_EQ(r.added_at_ms, added);
  EXPECT_EQ(r.ready_at_ms, added);
  EXPECT_EQ(r.started_at_ms, added + 10);
  EXPECT_EQ(r.ended_at_ms, added + 30);
  EXPECT_EQ(r.state, job_state::completed);
  EXPECT_TRUE(r.ended);
  EXPECT_EQ(r.result, "7");
  EXPECT_EQ(r.cost.cpu_us, 1'500);
  EXPECT_EQ(r.cost.bytes_max, 4'096);
}

TEST_P(queue_contract_records, every_run_of_a_job_is_told) {
  listen();
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken())));
  clock().advance(2'000);
  claim(1, 1'000);
  clock().advance(1'000);
  ASSERT_TRUE(comes_back("a"));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken(false))));
  ASSERT_EQ(records_->size(), 3u);
  EXPECT_EQ((*records_)[0].state, job_state::delayed);
  EXPECT_FALSE((*records_)[0].ended);
  EXPECT_EQ((*records_)[0].error->message, "it broke");
  EXPECT_TRUE((*records_)[1].stalled);
  EXPECT_FALSE((*records_)[1].ended);
  EXPECT_TRUE((*records_)[2].ended);
  EXPECT_EQ((*records_)[2].state, job_state::failed);
  EXPECT_EQ((*records_)[2].fence, 3);
}

TEST_P(queue_contract_records, a_cancelled_waiting_job_is_told_without_a_run) {
  listen();
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(cancel("a"));
  ASSERT_EQ(records_->size(), 1u);
  const auto& r = records_->front();
  EXPECT_TRUE(r.ended);
  EXPECT_TRUE(r.cancelled);
  EXPECT_EQ(r.state, job_state::failed);
  EXPECT_EQ(r.fence, 0);
  EXPECT_EQ(r.worker, "");
  EXPECT_EQ(r.started_at_ms, 0);
}

TEST_P(queue_contract_records, an_end_that_was_not_stored_is_not_told) {
  listen();
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  backend_->refuse_next(error(errc::storage_full, "full"));
  EXPECT_FALSE(finish(held, outcome::complete("1")));
  EXPECT_THAT(*records_, IsEmpty());
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(records_->size(), 1u);
}

TEST_P(queue_contract_records, after_the_subscription_nothing_is_told) {
  listen();
  subscription_.reset();
  run_through("a", outcome::complete("1"));
  EXPECT_THAT(*records_, IsEmpty());
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_records);

}  // namespace son1k::queue::test
