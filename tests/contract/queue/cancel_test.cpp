// Cancels in every state.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_cancel : public queue_contract {};

TEST_P(queue_contract_cancel, a_cancelled_waiting_job_is_removed) {
  auto late = spec("late");
  late.options.delay_ms = 1'000;
  ASSERT_TRUE(add({spec("a"), spec("p", 3), late, spec("b")}));
  for (const char* id : {"a", "p", "late"}) {
    ASSERT_TRUE(cancel(id));
    EXPECT_EQ(get(id).error().code, errc::not_found);
    EXPECT_EQ(cancel(id).error().code, errc::not_found);
  }
  EXPECT_EQ(counts().delayed + counts().prioritized, 0);
  EXPECT_THAT(claim_ids(5), ElementsAre("b"));
  EXPECT_FALSE((*add(spec("a")))[0].duplicate);
  reopen();
  EXPECT_EQ(get("p").error().code, errc::not_found);
  EXPECT_EQ(get("late").error().code, errc::not_found);
  EXPECT_TRUE(get("a"));
}

TEST_P(queue_contract_cancel, a_cancel_reaches_the_active_job_and_is_final) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto jobs = claim(2);
  const lease held[] = {jobs[0].held, jobs[1].held};
  EXPECT_THAT(q().cancel_requests(held), IsEmpty());
  ASSERT_TRUE(cancel("b"));
  EXPECT_THAT(q().cancel_requests(held), ElementsAre("b"));
  const auto reply = settle(held[1], outcome::fail(broken()));
  EXPECT_EQ(reply->state, job_state::failed);
  EXPECT_EQ(get("b")->error->code, "cancelled");
  ASSERT_EQ(settled_.size(), 1u);
  EXPECT_EQ(settled_[0].error->code, "cancelled");
  EXPECT_THAT(told(), Contains("cancelled:b"));
  EXPECT_EQ(cancel("b").error().code, errc::not_found);
}

TEST_P(queue_contract_cancel, a_cancel_that_is_rolled_back_changes_nothing) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto job = claim().at(0);
  store::transaction tx;
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "a", nullptr));
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "b", nullptr));
  tx.stage([](store::connection&) -> result<void> { return error(errc::conflict, "no"); });
  EXPECT_FALSE(store::commit_and_wait(db(), std::move(tx)));
  const lease held[] = {job.held};
  EXPECT_THAT(q().cancel_requests(held), IsEmpty());
  EXPECT_EQ(state("b"), job_state::waiting);
}

TEST_P(queue_contract_cancel, a_cancelled_active_job_never_runs_again) {
  ASSERT_TRUE(add(spec("a")));
  claim(1, 1'000);
  ASSERT_TRUE(cancel("a"));
  reopen();
  auto got = claim(1, 1'000);
  ASSERT_EQ(got.size(), 1u);
  ASSERT_TRUE(got[0].verdict);
  EXPECT_EQ(got[0].verdict->code, "cancelled");
  clock().advance(1'000);
  ASSERT_TRUE(comes_back("a"));
  got = claim();
  ASSERT_TRUE(got.at(0).verdict);
  EXPECT_EQ(finish(got[0].held, outcome::fail(*got[0].verdict))->state, job_state::failed);
  reopen();
  EXPECT_THAT(claim_ids(1), IsEmpty());
  EXPECT_EQ(get("a")->error->code, "cancelled");
}

TEST_P(queue_contract_cancel, what_is_removed_is_settled_and_an_active_job_is_left_to_its_worker) {
  auto parent = spec("parent");
  parent.children.push_back(spec("running"));
  parent.children.push_back(spec("child"));
  parent.user = parent.children[1].user = "ana";
  ASSERT_TRUE(add(std::move(parent)));
  ASSERT_THAT(claim_ids(1), ElementsAre("running"));
  store::transaction tx;
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "parent", effect()));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  std::vector<std::string> ids;
  for (const auto& job : settled_) {
    ids.push_back(job.id);
    EXPECT_EQ(job.state, job_state::failed);
    EXPECT_EQ(job.error->code, "cancelled");
    EXPECT_EQ(job.kind, spec("x").kind);
    EXPECT_EQ(job.user, "ana");
  }
  EXPECT_THAT(ids, testing::UnorderedElementsAre("parent", "child"));
  EXPECT_EQ(backend_->effects(), 2);
  EXPECT_EQ(state("running"), job_state::active);
}

TEST_P(queue_contract_cancel, a_cancel_whose_settling_is_refused_changes_nothing) {
  ASSERT_TRUE(add(spec("a")));
  store::transaction tx;
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "a", effect(false)));
  EXPECT_FALSE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_THAT(claim_ids(5), ElementsAre("a"));
}

TEST_P(queue_contract_cancel, a_job_given_back_before_its_cancel_is_committed_is_settled_too) {
  ASSERT_TRUE(add(spec("a")));
  const auto job = claim().at(0);
  store::transaction tx;
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "a", effect()));
  ASSERT_TRUE(finish(job.held, outcome::release()));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_EQ(settled_.size(), 1u);
  EXPECT_EQ(backend_->effects(), 1);
  EXPECT_EQ(get("a").error().code, errc::not_found);
}

TEST_P(queue_contract_cancel, a_run_that_completes_after_its_cancel_is_cancelled) {
  ASSERT_TRUE(add(spec("a")));
  const auto job = claim().at(0);
  ASSERT_TRUE(cancel("a"));
  EXPECT_EQ(settle(job.held, outcome::complete("1"))->state, job_state::failed);
  EXPECT_EQ(settled_.at(0).state, job_state::failed);
  EXPECT_EQ(settled_.at(0).error->code, "cancelled");
  EXPECT_EQ(get("a")->error->code, "cancelled");
  EXPECT_EQ(get("a")->result, "");
  EXPECT_THAT(told(), testing::Not(Contains("completed:a")));
}

// Of a cancel and an end under way at once the one that is committed first stands, for the job and
// for the domain.
TEST_P(queue_contract_cancel, an_end_on_its_way_gives_way_to_a_cancel_that_is_committed_first) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto jobs = claim(2);
  store::transaction tx;
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "a", nullptr));
  faults().hold_commits();
  db().commit(std::move(tx), [](result<void>) {});
  std::vector<finish_request> ends;
  for (const auto& job : jobs) ends.push_back(ending(job.held, outcome::complete("1")));
  auto& loop = new_loop();
  auto future = boost::asio::co_spawn(loop, q().finish(std::move(ends)), boost::asio::use_future);
  loop.poll();
  faults().release_commits();
  loop.run();
  const auto replies = future.get();
  ASSERT_TRUE(replies[0] && replies[1]);
  EXPECT_EQ(replies[0]->state, job_state::failed);
  EXPECT_EQ(replies[1]->state, job_state::completed);
  EXPECT_EQ(get("a")->error->code, "cancelled");
  EXPECT_EQ(backend_->effects(), 2);
  for (const auto& last : {settled_.at(settled_.size() - 2), settled_.back()})
    EXPECT_EQ(last.state, last.id == "a" ? job_state::failed : job_state::completed);
}

TEST_P(queue_contract_cancel,
       an_end_that_is_decided_gives_way_to_a_cancel_that_is_whole_before_it) {
  ASSERT_TRUE(add(spec("a")));
  auto end = ending(claim().at(0).held, outcome::complete("1"));
  end.settle = [this, then = end.settle](const job_view& v, store::transaction& tx) {
    if (v.state == job_state::completed) {
      EXPECT_TRUE(cancel("a"));
    }
    then(v, tx);
  };
  std::vector<finish_request> one;
  one.push_back(std::move(end));
  const auto reply = run(q().finish(std::move(one))).front();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->state, job_state::failed);
  EXPECT_EQ(get("a")->error->code, "cancelled");
  EXPECT_EQ(settled_.back().error->code, "cancelled");
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(queue_contract_cancel, a_cancel_that_comes_after_the_end_changes_nothing) {
  ASSERT_TRUE(add(spec("a")));
  const auto job = claim().at(0);
  store::transaction tx;
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "a", effect()));
  EXPECT_EQ(settle(job.held, outcome::complete("1"))->state, job_state::completed);
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_EQ(state("a"), job_state::completed);
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(queue_contract_cancel, unknown_jobs_and_queues_are_not_found) {
  EXPECT_EQ(get("nobody").error().code, errc::not_found);
  EXPECT_EQ(cancel("nobody").error().code, errc::not_found);
  EXPECT_EQ(q().counts("nothing")->waiting, 0);
  EXPECT_EQ(recover(), 0u);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_cancel);

}  // namespace son1k::queue::test
