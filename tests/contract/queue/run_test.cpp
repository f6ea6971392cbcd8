// Leases, fencing, what a run may write, how it may end, cancels.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

// A run of `id` whose lease has run out, and the newer start that has the job now.
struct overtaken {
  lease old;
  lease now;
};

class queue_run : public queue_contract {
 protected:
  overtaken overtake() {
    EXPECT_TRUE(add(spec("a")));
    overtaken o;
    o.old = claim(1, 1'000).at(0).held;
    clock().advance(1'000);
    EXPECT_TRUE(comes_back("a"));
    o.now = claim().at(0).held;
    return o;
  }
  finish_request ending(const lease& held, outcome how, bool works = true) {
    finish_request r;
    r.held = held;
    r.how = std::move(how);
    r.settle = [works, this](const job_view& v, store::transaction& tx) {
      settled_.push_back(v);
      tx.stage([id = v.id, state = std::string(name_of(v.state)),
                works](store::connection& c) -> result<void> {
        static const store::statement sql("INSERT INTO effect (id, what) VALUES ($1, $2)");
        if (!works) return error(errc::conflict, "the domain says no");
        auto ok = c.execute(
            sql, {store::value(std::string_view(id)), store::value(std::string_view(state))});
        if (!ok) return ok.error();
        return {};
      });
    };
    return r;
  }
  result<finish_reply> settle(const lease& held, outcome how, bool works = true) {
    std::vector<finish_request> one;
    one.push_back(ending(held, std::move(how), works));
    return run(q().finish(std::move(one))).front();
  }
  std::vector<job_view> settled_;
};

TEST_P(queue_run, a_completed_job_keeps_its_result) {
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

TEST_P(queue_run, a_failed_job_is_retried_with_backoff_and_then_fails_for_good) {
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

TEST_P(queue_run, an_error_that_may_not_be_retried_fails_at_once) {
  ASSERT_TRUE(add(spec("a")));
  const auto reply = finish(claim().at(0).held, outcome::fail(broken(false)));
  EXPECT_EQ(reply->state, job_state::failed);
  EXPECT_THAT(told(), Not(Contains("retries-exhausted:a")));
}

TEST_P(queue_run, a_delayed_outcome_spends_no_attempt) {
  ASSERT_TRUE(add(spec("a")));
  const auto reply = finish(claim().at(0).held, outcome::delay_until(clock().now_ms() + 500));
  EXPECT_EQ(reply->state, job_state::delayed);
  EXPECT_EQ(get("a")->run_at_ms, clock().now_ms() + 500);
  clock().advance(500);
  const auto again = claim().at(0);
  EXPECT_EQ(again.attempts_made, 0);
  EXPECT_EQ(again.held.fence, 2);
}

TEST_P(queue_run, a_released_job_is_first_again_and_spends_no_attempt) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto job = claim().at(0);
  EXPECT_EQ(finish(job.held, outcome::release())->state, job_state::waiting);
  const auto again = claim().at(0);
  EXPECT_EQ(again.held.id, "a");
  EXPECT_EQ(again.attempts_made, 0);
}

TEST_P(queue_run, an_ended_run_cannot_end_again) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(finish(held, outcome::complete("2")).error().code, errc::lease_lost);
  EXPECT_EQ(get("a")->result, "1");
}

TEST_P(queue_run, expired_lease_goes_back_to_waiting) {
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

TEST_P(queue_run, a_renewed_lease_does_not_expire) {
  ASSERT_TRUE(add(spec("a")));
  const lease held[] = {claim(1, 1'000).at(0).held};
  clock().advance(900);
  EXPECT_THAT(q().renew(held, 1'000), IsEmpty());
  clock().advance(900);
  EXPECT_EQ(recover(), 0u);
  clock().advance(100);
  EXPECT_TRUE(comes_back("a"));
  EXPECT_THAT(q().renew(held, 1'000), ElementsAre("a"));
}

TEST_P(queue_run, every_write_under_an_older_fence_is_refused) {
  const auto o = overtake();
  EXPECT_EQ(q().progress(o.old, {50, "late"}).error().code, errc::lease_lost);
  EXPECT_EQ(q().log(o.old, "late").error().code, errc::lease_lost);
  EXPECT_EQ(run(q().checkpoint(o.old, "1")).error().code, errc::lease_lost);
  EXPECT_EQ(settle(o.old, outcome::complete("1")).error().code, errc::lease_lost);
  EXPECT_EQ(settle(o.old, outcome::fail(broken())).error().code, errc::lease_lost);
  EXPECT_EQ(backend_->effects(), 0);
  store::transaction tx;
  q().stage_fence_check(tx, o.old);
  EXPECT_EQ(store::commit_and_wait(db(), std::move(tx)).error().code, errc::lease_lost);

  EXPECT_TRUE(q().progress(o.now, {10, "mine"}));
  EXPECT_TRUE(q().log(o.now, "mine"));
  EXPECT_TRUE(run(q().checkpoint(o.now, "1")));
  store::transaction good;
  q().stage_fence_check(good, o.now);
  EXPECT_TRUE(store::commit_and_wait(db(), std::move(good)));
  EXPECT_TRUE(finish(o.now, outcome::complete("2")));
  EXPECT_EQ(get("a")->result, "2");
}

TEST_P(queue_run, a_stale_lease_in_a_batch_leaves_the_others_unaffected) {
  const auto o = overtake();
  ASSERT_TRUE(add(spec("b")));
  const auto b = claim().at(0).held;
  std::vector<finish_request> batch(2);
  batch[0].held = o.old;
  batch[0].how = outcome::complete("1");
  batch[1].held = b;
  batch[1].how = outcome::complete("2");
  const auto replies = run(q().finish(std::move(batch)));
  EXPECT_EQ(replies[0].error().code, errc::lease_lost);
  ASSERT_TRUE(replies[1]);
  EXPECT_EQ(state("b"), job_state::completed);
}

TEST_P(queue_run, progress_never_goes_back) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  ASSERT_TRUE(q().progress(held, {40, "forty"}));
  ASSERT_TRUE(q().progress(held, {20, "less"}));
  EXPECT_EQ(get("a")->progress.percent, 40);
  ASSERT_TRUE(q().progress(held, {400, "more"}));
  EXPECT_EQ(get("a")->progress.percent, 100);
}

TEST_P(queue_run, a_glance_shows_state_and_progress_until_the_end) {
  const auto look = [&] { return run(q().glance("songs", "a")); };
  EXPECT_EQ(look().error().code, errc::not_found);
  ASSERT_TRUE(add(spec("a")));
  EXPECT_EQ(look()->state, job_state::waiting);
  const auto held = claim().at(0).held;
  ASSERT_TRUE(q().progress(held, {40, "forty"}));
  EXPECT_EQ(look()->state, job_state::active);
  EXPECT_EQ(look()->progress.percent, 40);
  EXPECT_EQ(look()->progress.message, "forty");
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(look().error().code, errc::not_found);
}

TEST_P(queue_run, logs_are_kept_over_runs_and_bounded) {
  ASSERT_TRUE(add(spec("a")));
  const auto first = claim().at(0).held;
  ASSERT_TRUE(q().log(first, "from the first run"));
  ASSERT_TRUE(finish(first, outcome::delay_until(0)));
  EXPECT_THAT(get("a")->logs, ElementsAre("from the first run"));
  const auto second = claim().at(0).held;
  for (int i = 0; i < 1'100; ++i) ASSERT_TRUE(q().log(second, "line " + std::to_string(i)));
  ASSERT_TRUE(q().log(second, std::string(10'000, 'x')));
  ASSERT_TRUE(finish(second, outcome::complete("1")));
  const auto view = get("a");
  ASSERT_EQ(view->logs.size(), 1'000u);
  EXPECT_EQ(view->logs.back().size(), 4'096u);
  EXPECT_EQ(view->logs[998], "line 1099");
}

TEST_P(queue_run, a_later_run_gets_the_checkpoint) {
  ASSERT_TRUE(add(spec("a")));
  const auto first = claim().at(0);
  EXPECT_EQ(first.checkpoint, "");
  ASSERT_TRUE(run(q().checkpoint(first.held, R"({"step":3})")));
  ASSERT_TRUE(finish(first.held, outcome::release()));
  EXPECT_EQ(claim().at(0).checkpoint, R"({"step":3})");
  reopen();
  EXPECT_EQ(claim().at(0).checkpoint, R"({"step":3})");
}

TEST_P(queue_run, an_end_that_cannot_be_stored_leaves_the_job_active) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  faults().fail_commit(1, error(errc::storage_full, "full"));
  EXPECT_EQ(settle(held, outcome::complete("1")).error().code, errc::storage_full);
  EXPECT_EQ(state("a"), job_state::active);
  EXPECT_EQ(backend_->effects(), 0);
  EXPECT_TRUE(settle(held, outcome::complete("1")));
  EXPECT_EQ(state("a"), job_state::completed);
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(queue_run, settle_stands_with_the_terminal_state_only) {
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

TEST_P(queue_run, a_settle_that_fails_takes_only_its_own_job_back) {
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

TEST_P(queue_run, a_settle_that_throws_leaves_its_job_active_and_the_others_unaffected) {
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

TEST_P(queue_run, a_cancelled_waiting_job_is_removed) {
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

TEST_P(queue_run, a_cancel_reaches_the_active_job_and_is_final) {
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

TEST_P(queue_run, a_cancel_that_is_rolled_back_changes_nothing) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto job = claim().at(0);
  store::transaction tx;
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "a"));
  ASSERT_TRUE(q().stage_cancel(tx, "songs", "b"));
  tx.stage([](store::connection&) -> result<void> { return error(errc::conflict, "no"); });
  EXPECT_FALSE(store::commit_and_wait(db(), std::move(tx)));
  const lease held[] = {job.held};
  EXPECT_THAT(q().cancel_requests(held), IsEmpty());
  EXPECT_EQ(state("b"), job_state::waiting);
}

TEST_P(queue_run, a_cancelled_active_job_never_runs_again) {
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

TEST_P(queue_run, unknown_jobs_and_queues_are_not_found) {
  EXPECT_EQ(get("nobody").error().code, errc::not_found);
  EXPECT_EQ(cancel("nobody").error().code, errc::not_found);
  EXPECT_EQ(q().counts("nothing")->waiting, 0);
  EXPECT_EQ(recover(), 0u);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(, queue_run, testing::ValuesIn(backends()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace son1k::queue::test
