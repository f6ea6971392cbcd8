// Limits of a queue: runs at once, starts in a window.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_limits : public queue_contract {
 protected:
  void set(queue_limits limits) { ASSERT_TRUE(run(q().set_limits("songs", limits))); }
};

TEST_P(queue_contract_limits, no_more_jobs_run_than_the_queue_allows) {
  queue_limits limits;
  limits.concurrency = 2;
  set(limits);
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  const auto got = claim(5);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_THAT(claim_ids(5), IsEmpty());
  ASSERT_TRUE(finish(got[0].held, outcome::complete("1")));
  EXPECT_THAT(claim_ids(5), ElementsAre("c"));
}

TEST_P(queue_contract_limits, a_lease_that_ran_out_frees_its_place) {
  queue_limits limits;
  limits.concurrency = 1;
  set(limits);
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  claim(1, 1'000);
  clock().advance(1'000);
  ASSERT_TRUE(comes_back("a"));
  EXPECT_THAT(claim_ids(5), ElementsAre("a"));
}

TEST_P(queue_contract_limits, a_start_that_cannot_be_recorded_takes_no_place) {
  queue_limits limits;
  limits.concurrency = 1;
  limits.rate = rate_limit{1, 1'000};
  set(limits);
  ASSERT_TRUE(add(spec("a")));
  backend_->refuse_next(error(errc::storage_full, "full"));
  claim_request r;
  r.queue = "songs";
  ASSERT_FALSE(run(q().claim(r)));
  EXPECT_THAT(claim_ids(1), ElementsAre("a"));
}

TEST_P(queue_contract_limits, no_more_jobs_start_in_a_window_than_the_rate) {
  queue_limits limits;
  limits.rate = rate_limit{2, 1'000};
  set(limits);
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c"), spec("d"), spec("e")}));
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "b"));
  clock().advance(999);
  EXPECT_THAT(claim_ids(5), IsEmpty());
  clock().advance(1);
  EXPECT_THAT(claim_ids(5), ElementsAre("c", "d"));
}

TEST_P(queue_contract_limits, a_waiting_claim_gets_its_job_when_a_place_is_free) {
  queue_limits limits;
  limits.concurrency = 1;
  set(limits);
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto held = claim().at(0).held;
  claim_request r;
  r.queue = "songs";
  r.wait_ms = 3'600'000;
  auto& loop = new_loop();
  auto waiting = boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future);
  loop.poll();
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  loop.run();
  const auto got = waiting.get();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->at(0).held.id, "b");
}

TEST_P(queue_contract_limits, limits_can_be_read_and_survive_a_restart) {
  queue_limits limits;
  limits.concurrency = 3;
  limits.rate = rate_limit{7, 60'000};
  limits.each_group = {2, rate_limit{1, 500}};
  limits.ageing_ms = 5;
  set(limits);
  EXPECT_EQ(*q().limits("songs"), limits);
  reopen();
  EXPECT_EQ(*q().limits("songs"), limits);
  EXPECT_EQ(*q().limits("others"), queue_limits{});
}

TEST_P(queue_contract_limits, a_lower_limit_stops_no_run) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  const auto got = claim(2);
  queue_limits limits;
  limits.concurrency = 1;
  set(limits);
  EXPECT_EQ(counts().active, 2);
  ASSERT_TRUE(finish(got[0].held, outcome::complete("1")));
  EXPECT_THAT(claim_ids(1), IsEmpty());
  ASSERT_TRUE(finish(got[1].held, outcome::complete("1")));
  EXPECT_THAT(claim_ids(1), ElementsAre("c"));
}

TEST_P(queue_contract_limits, limits_below_zero_are_refused) {
  queue_limits limits;
  limits.concurrency = -1;
  EXPECT_EQ(run(q().set_limits("songs", limits)).error().code, errc::validation);
  limits = {};
  limits.ageing_ms = -1;
  EXPECT_EQ(run(q().set_limits("songs", limits)).error().code, errc::validation);
  EXPECT_EQ(*q().limits("songs"), queue_limits{});
}

TEST_P(queue_contract_limits, the_time_of_ageing_can_be_set_and_switched_off) {
  queue_limits limits;
  limits.ageing_ms = 1'000;
  set(limits);
  ASSERT_TRUE(add({spec("old", 9), spec("older", 9)}));
  clock().advance(1'000);
  ASSERT_TRUE(add(spec("new", 1)));
  EXPECT_EQ(claim_ids(1).at(0), "old");
  limits.ageing_ms = 0;
  set(limits);
  EXPECT_THAT(claim_ids(2), ElementsAre("new", "older"));
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_limits);

}  // namespace son1k::queue::test
