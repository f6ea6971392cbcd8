// How runs end, and the domain writes that stand or fall with it.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

class queue_contract_finish : public queue_contract {};
class queue_contract_finish_and_claim : public queue_contract {
 protected:
  // Completes the run and claims up to five jobs in one call; the ids of these.
  std::vector<std::string> go_on_from(lease held) {
    std::vector<finish_request> ends;
    ends.push_back(ending(held, outcome::complete("1")));
    claim_request next;
    next.queue = "songs";
    next.worker = "w";
    next.max = 5;
    auto both = [](queue_port& q, std::vector<finish_request> e, claim_request c,
                   finish_and_claim_reply& to) -> boost::asio::awaitable<bool> {
      to = co_await q.finish_and_claim(std::move(e), std::move(c));
      co_return true;
    };
    finish_and_claim_reply reply{{}, std::vector<claimed_job>{}};
    run(both(q(), std::move(ends), std::move(next), reply));
    ended_ = reply.finished.at(0).has_value();
    std::vector<std::string> ids;
    for (const auto& job : *reply.claimed) {
      ids.push_back(job.held.id);
      last_ = job.held;
    }
    return ids;
  }

  bool ended_ = false;
  lease last_;  // that it got
};

TEST_P(queue_contract_finish, a_completed_job_keeps_its_result) {
  ASSERT_TRUE(add(spec("a")));
  const auto job = claim().at(0);
  clock().advance(50);
  const auto reply = finish(job.held, outcome::complete(R"({"ok":1})"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->state, job_state::completed);
  const auto view = get("a");
  EXPECT_EQ(view->state, job_state::completed);
  EXPECT_EQ(view->result, R"({"ok":1})");
  EXPECT_EQ(view->attempts_made, 1);
  EXPECT_EQ(view->finished_at_ms, clock().now_ms());
  EXPECT_EQ(view->started_at_ms, clock().now_ms() - 50);
  EXPECT_EQ(counts().completed, 1);
  EXPECT_EQ(counts().active, 0);
}

TEST_P(queue_contract_finish, a_failed_job_is_retried_with_backoff_and_then_fails_for_good) {
  ASSERT_TRUE(add(spec("a")));
  auto reply = finish(claim().at(0).held, outcome::fail(broken()));
  EXPECT_EQ(reply->state, job_state::delayed);
  EXPECT_EQ(reply->run_at_ms, clock().now_ms() + 2'000);
  clock().advance(1'999);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  clock().advance(1);
  auto job = claim().at(0);
  EXPECT_EQ(job.attempts_made, 1);
  EXPECT_EQ(job.held.fence, 2);
  reply = finish(job.held, outcome::fail(broken()));
  EXPECT_EQ(reply->run_at_ms, clock().now_ms() + 4'000);
  clock().advance(4'000);
  reply = finish(claim().at(0).held, outcome::fail(broken()));
  EXPECT_EQ(reply->state, job_state::failed);
  const auto view = get("a");
  EXPECT_EQ(view->state, job_state::failed);
  EXPECT_EQ(view->attempts_made, 3);
  ASSERT_TRUE(view->error);
  EXPECT_EQ(view->error->message, "it broke");
  EXPECT_THAT(told(), Contains("retries-exhausted:a"));
}

TEST_P(queue_contract_finish, a_long_message_of_an_error_is_cut) {
  ASSERT_TRUE(add(spec("a")));
  const std::string whole(5'000, 'x');
  std::string beyond;
  for (int n = 0; n < 5'000; ++n) beyond += "é";
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail({"broken", whole + beyond, false})));
  const auto view = get("a");
  ASSERT_TRUE(view && view->error);
  EXPECT_EQ(view->error->message, (whole + beyond).substr(0, 8'192));
}

TEST_P(queue_contract_finish, a_delayed_outcome_spends_no_attempt) {
  ASSERT_TRUE(add(spec("a")));
  const auto reply = finish(claim().at(0).held, outcome::delay_until(clock().now_ms() + 500));
  EXPECT_EQ(reply->state, job_state::delayed);
  EXPECT_EQ(get("a")->run_at_ms, clock().now_ms() + 500);
  clock().advance(500);
  const auto again = claim().at(0);
  EXPECT_EQ(again.attempts_made, 0);
  EXPECT_EQ(again.held.fence, 2);
}

TEST_P(queue_contract_finish, a_released_job_is_first_again_and_spends_no_attempt) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto job = claim().at(0);
  EXPECT_EQ(finish(job.held, outcome::release())->state, job_state::waiting);
  const auto again = claim().at(0);
  EXPECT_EQ(again.held.id, "a");
  EXPECT_EQ(again.attempts_made, 0);
}

TEST_P(queue_contract_finish, an_error_that_may_not_be_retried_fails_at_once) {
  ASSERT_TRUE(add(spec("a")));
  const auto reply = finish(claim().at(0).held, outcome::fail(broken(false)));
  EXPECT_EQ(reply->state, job_state::failed);
  EXPECT_THAT(told(), Not(Contains("retries-exhausted:a")));
}

TEST_P(queue_contract_finish, an_end_that_cannot_be_stored_leaves_the_job_active) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  backend_->refuse_next(error(errc::storage_full, "full"));
  EXPECT_EQ(settle(held, outcome::complete("1")).error().code, errc::storage_full);
  EXPECT_EQ(state("a"), job_state::active);
  EXPECT_EQ(backend_->effects(), 0);
  EXPECT_TRUE(settle(held, outcome::complete("1")));
  EXPECT_EQ(state("a"), job_state::completed);
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(queue_contract_finish, settle_stands_with_the_terminal_state_only) {
  auto s = spec("a");
  s.options.attempts = 2;
  s.options.backoff.delay_ms = 0;
  s.data = R"({"n":1})";
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(settle(claim().at(0).held, outcome::fail(broken())));
  EXPECT_THAT(settled_, IsEmpty());
  EXPECT_EQ(backend_->effects(), 0);
  ASSERT_TRUE(settle(claim().at(0).held, outcome::fail(broken())));
  ASSERT_EQ(settled_.size(), 1u);
  EXPECT_EQ(settled_[0].state, job_state::failed);
  EXPECT_EQ(settled_[0].data, R"({"n":1})");
  EXPECT_EQ(settled_[0].attempts_made, 2);
  EXPECT_EQ(settled_[0].error->message, "it broke");
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(queue_contract_finish, a_settle_that_fails_takes_only_its_own_job_back) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto jobs = claim(2);
  std::vector<finish_request> batch;
  batch.push_back(ending(jobs.at(0).held, outcome::complete("1"), false));
  batch.push_back(ending(jobs.at(1).held, outcome::complete("1")));
  const auto replies = run(q().finish(std::move(batch)));
  ASSERT_FALSE(replies[0]);
  EXPECT_EQ(replies[0].error().code, errc::conflict);
  ASSERT_TRUE(replies[1]);
  EXPECT_EQ(state("a"), job_state::active);
  EXPECT_EQ(state("b"), job_state::completed);
  EXPECT_EQ(backend_->effects(), 1);
  EXPECT_THAT(told(), Not(Contains("completed:a")));
}

TEST_P(queue_contract_finish,
       a_settle_that_throws_leaves_its_job_active_and_the_others_unaffected) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto jobs = claim(2);
  std::vector<finish_request> batch(2);
  batch[0].held = jobs.at(0).held;
  batch[0].how = outcome::complete("1");
  batch[0].settle = [](const job_view&, store::transaction&) { throw std::runtime_error("no"); };
  batch[1] = ending(jobs.at(1).held, outcome::complete("1"));
  const auto replies = run(q().finish(std::move(batch)));
  EXPECT_EQ(replies[0].error().code, errc::internal);
  EXPECT_TRUE(replies[1]);
  EXPECT_EQ(state("a"), job_state::active);
  EXPECT_TRUE(finish(jobs[0].held, outcome::complete("1")));
}

TEST_P(queue_contract_finish_and_claim, ends_and_starts_are_one_call) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  const auto got = claim(2);
  std::vector<finish_request> ends(2);
  ends[0].held = got.at(0).held;
  ends[0].how = outcome::complete("1");
  ends[1].held = got.at(1).held;
  ends[1].held.fence = 9;
  ends[1].how = outcome::complete("2");
  claim_request next;
  next.queue = "songs";
  next.worker = "w";
  next.max = 5;
  next.wait_ms = 3'600'000;
  auto both = [](queue_port& q, std::vector<finish_request> e, claim_request c,
                 finish_and_claim_reply& to) -> boost::asio::awaitable<bool> {
    to = co_await q.finish_and_claim(std::move(e), std::move(c));
    co_return true;
  };
  finish_and_claim_reply reply{{}, std::vector<claimed_job>{}};
  run(both(q(), ends, next, reply));
  ASSERT_EQ(reply.finished.size(), 2u);
  EXPECT_TRUE(reply.finished[0]);
  EXPECT_EQ(reply.finished[1].error().code, errc::lease_lost);
  ASSERT_TRUE(reply.claimed);
  ASSERT_EQ(reply.claimed->size(), 1u);
  EXPECT_EQ((*reply.claimed)[0].held.id, "c");
  EXPECT_EQ(state("a"), job_state::completed);
  EXPECT_EQ(state("b"), job_state::active);
  // The claim of a call does not wait.
  std::vector<finish_request> last(1);
  last[0].held = (*reply.claimed)[0].held;
  last[0].how = outcome::complete("3");
  run(both(q(), last, next, reply));
  EXPECT_TRUE(reply.claimed->empty());
}

TEST_P(queue_contract_finish_and_claim,
       its_claim_obeys_pause_and_limits_as_they_are_after_the_end) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c"), spec("d"), spec("e")}));
  const auto a = claim().at(0).held;
  ASSERT_TRUE(run(q().pause("songs", true)));
  EXPECT_THAT(go_on_from(a), IsEmpty());
  EXPECT_TRUE(ended_);
  ASSERT_TRUE(run(q().pause("songs", false)));
  queue_limits limits;
  limits.concurrency = 1;
  ASSERT_TRUE(run(q().set_limits("songs", limits)));
  const auto b = claim(5);
  ASSERT_EQ(b.size(), 1u);
  EXPECT_THAT(go_on_from(b[0].held), testing::ElementsAre("c"));
  limits.rate = rate_limit{1, 1'000};
  ASSERT_TRUE(run(q().set_limits("songs", limits)));
  EXPECT_THAT(go_on_from(last_), testing::ElementsAre("d"));
  EXPECT_THAT(go_on_from(last_), IsEmpty());
  EXPECT_TRUE(ended_);
}

TEST_P(queue_contract_finish_and_claim, its_claim_leaves_a_suspect_alone) {
  ASSERT_TRUE(add(spec("s")));
  stall("s");
  stall("s");
  const auto suspect = claim(5).at(0).held;
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  auto stale = suspect;
  stale.fence = 1;
  EXPECT_THAT(go_on_from(stale), IsEmpty());
  EXPECT_FALSE(ended_);
  EXPECT_THAT(go_on_from(suspect), testing::ElementsAre("a", "b"));
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_finish);
SON1K_QUEUE_CONTRACT(queue_contract_finish_and_claim);

}  // namespace son1k::queue::test
