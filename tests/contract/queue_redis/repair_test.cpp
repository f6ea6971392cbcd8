// What a death between the commit in the database and the change in Redis leaves, and who puts it
// right: the table of docs/decisions/0018-redis-queue.md.
#include <gmock/gmock.h>

#include "contract/queue_redis/redis_backend.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class redis_repair : public queue_contract {
 protected:
  redis_backend& redis() { return static_cast<redis_backend&>(*backend_); }
  // The process dies before Redis hears of what was committed.
  void die() {
    redis().lose("");
    reopen();
  }
};

TEST_P(redis_repair, a_job_whose_commit_is_certain_is_there_after_a_death) {
  store::transaction tx;
  ASSERT_TRUE(q().stage(tx, spec("a")));
  redis().lose("add");
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_EQ(counts().waiting, 0);
  die();
  EXPECT_THAT(claim_ids(5), ElementsAre("a"));
  reopen();
  EXPECT_EQ(counts().waiting + counts().active, 1) << "adding it again changes nothing";
}

TEST_P(redis_repair, an_end_that_was_committed_is_told_by_the_next_process) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  redis().lose("finish");
  EXPECT_EQ(settle(held, outcome::complete("7"))->state, job_state::completed);
  EXPECT_EQ(state("a"), job_state::active);
  die();
  EXPECT_EQ(state("a"), job_state::completed);
  EXPECT_EQ(get("a")->result, "7");
  EXPECT_THAT(claim_ids(5), IsEmpty());
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(redis_repair, a_job_whose_end_was_committed_is_ended_and_not_run_by_its_next_claim) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto held = claim(1, 1'000).at(0).held;
  redis().lose("finish");
  EXPECT_TRUE(settle(held, outcome::complete("7")));
  clock().advance(1'000);
  ASSERT_TRUE(comes_back("a"));
  redis().lose("");
  EXPECT_THAT(claim_ids(5), ElementsAre("b"));
  EXPECT_EQ(state("a"), job_state::completed);
  EXPECT_EQ(get("a")->result, "7");
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(redis_repair, an_end_that_was_committed_is_told_also_when_its_job_waits_again) {
  const std::vector<outcome> ends{outcome::complete("7"), outcome::fail({"no", "no", false})};
  for (std::size_t n = 0; n < ends.size(); ++n) {
    auto job = spec("job-" + std::to_string(n), 3);
    job.options.group = "g";
    ASSERT_TRUE(add(job));
    const auto held = claim(1, 1'000).at(0).held;
    redis().lose("finish");
    ASSERT_TRUE(settle(held, ends[n]));
    clock().advance(1'000);
    for (int i = 0; i < 10'000 && state(job.id) == job_state::active; ++i) recover();
    EXPECT_EQ(state(job.id), job_state::prioritized);
    die();
    EXPECT_EQ(state(job.id), n == 0 ? job_state::completed : job_state::failed);
    EXPECT_THAT(claim_ids(5), IsEmpty());
  }
  EXPECT_EQ(counts().prioritized, 0);
  EXPECT_EQ(backend_->effects(), 2);
}

TEST_P(redis_repair, an_end_that_is_told_again_does_not_end_what_was_retried_by_hand) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  ASSERT_TRUE(settle(held, outcome::fail({"no", "no", false})));
  ASSERT_TRUE(edit("a", job_edit::what::retry));
  // The row is still there.
  faults().fail_commit(1, error(errc::unavailable, "not now"));
  reopen();
  EXPECT_EQ(state("a"), job_state::waiting);
  EXPECT_THAT(claim_ids(5), ElementsAre("a"));
}

TEST_P(redis_repair, an_end_of_any_bytes_is_told_by_the_next_process) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  redis().lose("finish");
  const std::string odd("no \0 use: \xff", 12);
  ASSERT_TRUE(settle(held, outcome::fail({"broken", odd, false})));
  die();
  EXPECT_EQ(state("a"), job_state::failed);
  EXPECT_EQ(get("a")->error->message, odd);
}

TEST_P(redis_repair, an_end_is_not_committed_once_a_newer_start_is_on_record) {
  const auto o = overtake();
  EXPECT_EQ(settle(o.old, outcome::complete("1")).error().code, errc::lease_lost);
  EXPECT_EQ(backend_->effects(), 0);
  EXPECT_TRUE(settle(o.now, outcome::complete("2")));
  EXPECT_EQ(backend_->effects(), 1);
}

TEST_P(redis_repair, a_cancel_that_was_committed_is_told_by_the_next_process) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto held = claim(1, 1'000).at(0).held;
  redis().lose("cancel");
  for (const char* id : {"a", "b"}) ASSERT_TRUE(cancel(id));
  EXPECT_EQ(state("b"), job_state::waiting);
  // Whoever ends the job knows of the cancel, though Redis does not yet.
  EXPECT_EQ(settle(held, outcome::complete("1"))->state, job_state::failed);
  EXPECT_EQ(get("a")->error->code, "cancelled");
  die();
  EXPECT_EQ(get("b").error().code, errc::not_found);
  EXPECT_THAT(claim_ids(5), IsEmpty());
}

TEST_P(redis_repair, a_removal_that_was_settled_is_done_by_the_next_process) {
  ASSERT_TRUE(add(spec("a")));
  job_edit how;
  how.kind = job_edit::what::remove;
  how.settle = effect();
  std::vector<std::string> ids{"a"};
  redis().lose("edit");
  EXPECT_FALSE(run(q().edit("songs", ids, how)));
  EXPECT_EQ(backend_->effects(), 1);
  die();
  EXPECT_EQ(get("a").error().code, errc::not_found);
}

TEST_P(redis_repair, ids_that_are_names_of_keys_are_refused) {
  for (const char* id : {"wait", "failed", "s:a:b"}) {
    const auto reply = add(spec(id));
    ASSERT_FALSE(reply) << id;
    EXPECT_EQ(reply.error().code, errc::validation);
    EXPECT_EQ(reply.error().field, "id");
  }
}

INSTANTIATE_TEST_SUITE_P(, redis_repair, testing::ValuesIn(backends_over_each_database()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace son1k::queue::test
