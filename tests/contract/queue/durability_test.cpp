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

TEST_P(queue_contract_durability, a_cancelled_job_that_had_run_before_stays_removed) {
  ASSERT_TRUE(add({spec("later"), spec("back"), spec("silent")}));
  const auto got = claim(3, 1'000);
  ASSERT_TRUE(finish(got[0].held, outcome::delay_until(clock().now_ms() + 60'000)));
  ASSERT_TRUE(finish(got[1].held, outcome::release()));
  clock().advance(1'000);
  ASSERT_TRUE(comes_back("silent"));
  for (const auto* id : {"later", "back", "silent"}) ASSERT_TRUE(cancel(id));
  reopen();
  for (const auto* id : {"later", "back", "silent"})
    EXPECT_EQ(get(id).error().code, errc::not_found) << id;
  EXPECT_TRUE(claim(5).empty());
}

TEST_P(queue_contract_durability, a_job_cancelled_while_it_ran_keeps_its_verdict_over_deaths) {
  ASSERT_TRUE(add({spec("died"), spec("silent")}));
  const auto got = claim(2, 1'000);
  for (const auto* id : {"died", "silent"}) ASSERT_TRUE(cancel(id));
  EXPECT_THAT(q().cancel_requests(std::vector<lease>{got[0].held}), ElementsAre("died"));
  clock().advance(1'000);
  ASSERT_TRUE(comes_back("silent"));
  for (int n = 0; n < 3; ++n) {
    reopen();
    const auto again = claim(5);
    ASSERT_EQ(again.size(), 2u);
    for (const auto& job : again) {
      ASSERT_TRUE(job.verdict);
      EXPECT_EQ(job.verdict->code, "cancelled");
    }
    reopen();
  }
}

TEST_P(queue_contract_durability, a_rate_counts_what_started_before_a_restart) {
  queue_limits limits;
  limits.rate = rate_limit{3, 10'000};
  limits.each_group.rate = rate_limit{2, 10'000};
  ASSERT_TRUE(run(q().set_limits("songs", limits)));
  for (const auto* id : {"a1", "a2", "a3", "b1", "b2"}) {
    auto s = spec(id);
    s.options.group = std::string(1, *id);
    ASSERT_TRUE(add(s));
  }
  auto got = claim(1);
  ASSERT_TRUE(finish(got.at(0).held, outcome::complete("1")));
  clock().advance(4'000);
  got = claim(1);
  ASSERT_EQ(got.at(0).held.id, "b1");
  for (int n = 0; n < 2; ++n) reopen();
  EXPECT_THAT(claim_ids(5), ElementsAre("a2")) << "one ended, one ran, this is the third";
  reopen();
  EXPECT_THAT(claim_ids(5), ElementsAre()) << "three starts in the window of the queue";
  clock().advance(5'999);
  EXPECT_THAT(claim_ids(5), ElementsAre());
  clock().advance(1);
  EXPECT_THAT(claim_ids(5), testing::SizeIs(1));
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
