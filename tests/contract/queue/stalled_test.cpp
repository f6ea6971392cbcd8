// Leases that ran out: back to waiting, suspects, poison.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;
using testing::IsEmpty;

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

TEST_P(queue_contract_stalled, a_suspect_runs_alone_in_its_process) {
  ASSERT_TRUE(add(spec("running")));
  const auto running = claim(1, 3'600'000).at(0).held;
  ASSERT_TRUE(add(spec("a")));
  stall("a");
  stall("a");
  EXPECT_THAT(claim_ids(5), IsEmpty()) << "something else runs";
  ASSERT_TRUE(finish(running, outcome::complete("1")));
  ASSERT_TRUE(add({spec("b"), spec("c")}));
  auto elsewhere = spec("d");
  elsewhere.queue = "films";
  ASSERT_TRUE(add(elsewhere));
  // Whoever is first, the suspect has no company.
  auto got = claim(5);
  ASSERT_FALSE(got.empty());
  while (got[0].held.id != "a") {
    for (const auto& job : got) {
      ASSERT_NE(job.held.id, "a");
      ASSERT_TRUE(finish(job.held, outcome::complete("1")));
    }
    clock().advance(1'000);
    got = claim(5);
    ASSERT_FALSE(got.empty());
  }
  ASSERT_EQ(got.size(), 1u);
  ASSERT_TRUE(add(spec("e")));
  EXPECT_THAT(claim_ids(5), IsEmpty()) << "the suspect runs";
  claim_request films;
  films.queue = "films";
  EXPECT_TRUE(run(q().claim(films))->empty());
  ASSERT_TRUE(finish(got[0].held, outcome::complete("1")));
  EXPECT_FALSE(claim_ids(5).empty());
}

TEST_P(queue_contract_stalled, a_stream_of_other_work_does_not_starve_a_suspect) {
  ASSERT_TRUE(add(spec("a")));
  stall("a");
  stall("a");
  std::vector<claimed_job> running;
  for (int second = 0; second < 60; ++second) {
    ASSERT_TRUE(add({spec(), spec()}));
    auto got = claim(2, 3'600'000);
    for (const auto& job : got) {
      if (job.held.id == "a") return;
    }
    for (const auto& job : running) ASSERT_TRUE(finish(job.held, outcome::complete("1")));
    running = std::move(got);
    clock().advance(1'000);
  }
  FAIL() << "it has not run within a minute";
}

TEST_P(queue_contract_stalled, the_fifth_stall_makes_a_job_poison) {
  ASSERT_TRUE(add(spec("a")));
  for (int n = 0; n < 5; ++n) stall("a");
  const auto job = claim().at(0);
  ASSERT_TRUE(job.verdict);
  EXPECT_EQ(job.verdict->code, "stalled");
  EXPECT_FALSE(job.verdict->retryable);
  EXPECT_EQ(finish(job.held, outcome::fail(*job.verdict))->state, job_state::failed);
  const auto view = get("a");
  EXPECT_EQ(view->stalls, 5);
  EXPECT_EQ(view->error->code, "stalled");
}

TEST_P(queue_contract_stalled, a_run_that_ends_by_itself_clears_its_job) {
  auto s = spec("a");
  s.options.attempts = 10;
  s.options.backoff.delay_ms = 0;
  ASSERT_TRUE(add(s));
  const outcome ends[] = {outcome::fail(broken()),
                          outcome::delay_until(clock().now_ms() + 3'600'000)};
  for (const auto& end : ends) {
    for (int n = 0; n < 4; ++n) stall("a");
    ASSERT_TRUE(finish(claim().at(0).held, end));
    EXPECT_EQ(get("a")->stalls, 0);
    clock().advance(3'600'000);
    reopen();
    EXPECT_EQ(get("a")->stalls, 0);
  }
  ASSERT_TRUE(add(spec("b")));
  EXPECT_EQ(claim(5).size(), 2u) << "it is no suspect";
}

TEST_P(queue_contract_stalled, a_run_that_is_handed_back_leaves_its_job_a_suspect) {
  ASSERT_TRUE(add(spec("a")));
  for (int n = 0; n < 4; ++n) stall("a");
  ASSERT_TRUE(finish(claim().at(0).held, outcome::release()));
  EXPECT_EQ(get("a")->stalls, 4);
  stall("a");
  EXPECT_EQ(claim().at(0).verdict->code, "stalled");
}

TEST_P(queue_contract_stalled, a_process_that_dies_under_a_job_again_and_again_condemns_only_it) {
  ASSERT_TRUE(add({spec("poison"), spec("good")}));
  int deaths = 0;
  for (; deaths < 20; ++deaths) {
    const auto got = claim(2);
    ASSERT_FALSE(got.empty());
    const auto* poison = &got.front();
    for (const auto& job : got) {
      if (job.held.id == "poison") {
        poison = &job;
      } else if (got.size() == 1) {
        EXPECT_FALSE(job.verdict);
        ASSERT_TRUE(finish(job.held, outcome::complete("1")));
      }
    }
    if (poison->held.id != "poison") continue;
    if (poison->verdict) {
      EXPECT_EQ(poison->verdict->code, "stalled");
      ASSERT_TRUE(finish(poison->held, outcome::fail(*poison->verdict)));
      break;
    }
    reopen();
  }
  EXPECT_EQ(get("poison")->stalls, 5);
  for (int n = 0; n < 5 && state("good") != job_state::completed; ++n)
    for (const auto& job : claim(2)) ASSERT_TRUE(finish(job.held, outcome::complete("1")));
  EXPECT_EQ(state("good"), job_state::completed);
}

TEST_P(queue_contract_stalled, random_deaths_condemn_no_innocent_job) {
  constexpr int jobs = 12;
  for (int n = 0; n < jobs; ++n) ASSERT_TRUE(add(spec("job-" + std::to_string(n))));
  for (int round = 0; round < 200 && counts().completed < jobs; ++round) {
    const auto got = claim(4);
    for (const auto& job : got) ASSERT_FALSE(job.verdict) << job.held.id;
    clock().advance(500);
    if (got.empty()) continue;
    ASSERT_TRUE(finish(got[0].held, outcome::complete("1")));
    if (got.size() > 1) reopen();
  }
  EXPECT_EQ(counts().completed, jobs);
  EXPECT_EQ(counts().failed, 0);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_stalled);

}  // namespace son1k::queue::test
