// What operators do to jobs: edit, clean, obliterate.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_control_edit : public queue_contract {};
class queue_contract_control_clean : public queue_contract {
 protected:
  std::size_t clean(std::vector<job_state> states, std::int64_t age = 0,
                    std::size_t max = 1'000'000) {
    clean_request r;
    r.queue = "songs";
    r.states = std::move(states);
    r.min_age_ms = age;
    r.max = max;
    r.settle = effect();
    auto n = run(q().clean(std::move(r)));
    EXPECT_TRUE(n) << n.error().what();
    return n ? *n : 0;
  }
};
using what = job_edit::what;

TEST_P(queue_contract_control_edit, an_ended_job_can_be_retried_with_all_its_attempts) {
  auto s = spec("a");
  s.options.attempts = 1;
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken())));
  ASSERT_TRUE(edit("a", what::retry));
  EXPECT_EQ(state("a"), job_state::waiting);
  const auto job = claim().at(0);
  EXPECT_EQ(job.attempts_made, 0);
  EXPECT_EQ(job.held.fence, 2);
  EXPECT_FALSE(job.verdict);
  ASSERT_TRUE(finish(job.held, outcome::complete("1")));
  EXPECT_FALSE(get("a")->error);
  ASSERT_TRUE(edit("a", what::retry));
  reopen();
  EXPECT_EQ(claim().at(0).held.fence, 3);
}

TEST_P(queue_contract_control_edit, poison_that_is_retried_is_no_suspect) {
  ASSERT_TRUE(add(spec("a")));
  for (int n = 0; n < 5; ++n) stall("a");
  auto job = claim().at(0);
  ASSERT_TRUE(job.verdict);
  ASSERT_TRUE(finish(job.held, outcome::fail(*job.verdict)));
  ASSERT_TRUE(edit("a", what::retry));
  ASSERT_TRUE(add(spec("b")));
  const auto got = claim(2);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_FALSE(got[0].verdict);
}

TEST_P(queue_contract_control_edit, a_delayed_job_can_be_promoted) {
  auto s = spec("a", 3);
  s.options.delay_ms = 60'000;
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(edit("a", what::promote));
  EXPECT_EQ(state("a"), job_state::prioritized);
  constexpr std::int64_t lease_ms = 3'600'000;  // beyond the test: the run does not come back
  EXPECT_EQ(claim(1, lease_ms).at(0).held.id, "a");
  clock().advance(60'000);
  EXPECT_THAT(claim_ids(1), IsEmpty());
}

TEST_P(queue_contract_control_edit, a_new_priority_puts_the_job_behind_its_new_equals) {
  ASSERT_TRUE(add({spec("a", 5), spec("b", 2), spec("c", 2), spec("d")}));
  ASSERT_TRUE(edit("a", what::priority, 2));
  ASSERT_TRUE(edit("d", what::priority, 9));
  EXPECT_EQ(state("d"), job_state::prioritized);
  EXPECT_EQ(get("a")->options.priority, 2);
  EXPECT_THAT(claim_ids(5), ElementsAre("b", "c", "a", "d"));
}

TEST_P(queue_contract_control_edit, a_new_priority_survives_a_restart) {
  ASSERT_TRUE(add({spec("a", 5), spec("b", 2)}));
  ASSERT_TRUE(edit("a", what::priority, 1));
  reopen();
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "b"));
}

TEST_P(queue_contract_control_edit, a_delayed_job_keeps_its_new_priority) {
  auto s = spec("late", 9);
  s.options.delay_ms = 1'000;
  ASSERT_TRUE(add({s, spec("p", 5)}));
  ASSERT_TRUE(edit("late", what::priority, 1));
  EXPECT_EQ(state("late"), job_state::delayed);
  clock().advance(1'000);
  EXPECT_THAT(claim_ids(5), ElementsAre("late", "p"));
}

TEST_P(queue_contract_control_edit, jobs_move_to_the_front_and_to_the_back_of_their_equals) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c"), spec("p", 1)}));
  ASSERT_TRUE(edit("c", what::to_front));
  ASSERT_TRUE(edit("a", what::to_back));
  ASSERT_TRUE(edit("p", what::to_front));
  EXPECT_THAT(claim_ids(5), ElementsAre("c", "b", "a", "p"));
}

TEST_P(queue_contract_control_edit, a_moved_job_keeps_its_place_over_a_restart) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  ASSERT_TRUE(edit("c", what::to_front));
  ASSERT_TRUE(edit("a", what::to_back));
  reopen();
  EXPECT_THAT(claim_ids(5), ElementsAre("c", "b", "a"));
}

TEST_P(queue_contract_control_edit, the_domain_is_told_whose_job_it_is_and_what_for) {
  auto s = spec("a");
  s.user = "ana";
  s.data = R"({"piece":7})";
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::complete("1")));
  for (const bool anew : {false, true}) {
    if (anew) reopen();
    job_edit how;
    how.kind = anew ? what::remove : what::retry;
    how.settle = effect();
    std::vector<std::string> ids{"a"};
    ASSERT_TRUE(edit(std::move(ids), std::move(how)).at(0));
    ASSERT_EQ(settled_.size(), 1u);
    EXPECT_EQ(settled_[0].user, "ana");
    EXPECT_EQ(settled_[0].data, R"({"piece":7})");
    settled_.clear();
  }
}

TEST_P(queue_contract_control_edit, a_removed_job_leaves_nothing_and_its_domain_knows) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  job_edit how;
  how.kind = what::remove;
  how.settle = effect();
  std::vector<std::string> ids{"a"};
  ASSERT_TRUE(edit(std::move(ids), std::move(how)).at(0));
  EXPECT_EQ(get("a").error().code, errc::not_found);
  ASSERT_EQ(settled_.size(), 1u);
  EXPECT_EQ(settled_[0].state, job_state::failed);
  EXPECT_EQ(settled_[0].error->code, "removed");
  EXPECT_EQ(backend_->effects(), 1);
  EXPECT_THAT(told(), Contains("removed:a"));
  reopen();
  EXPECT_THAT(claim_ids(5), ElementsAre("b"));
  EXPECT_FALSE((*add(spec("a")))[0].duplicate);
}

TEST_P(queue_contract_control_edit, an_edit_without_meaning_is_a_conflict_that_changes_nothing) {
  ASSERT_TRUE(add({spec("run"), spec("other")}));
  const auto held = claim().at(0).held;
  for (const what w : {what::retry, what::promote, what::to_front, what::to_back, what::remove})
    EXPECT_EQ(edit("run", w).error().code, errc::conflict);
  EXPECT_EQ(edit("other", what::retry).error().code, errc::conflict);
  EXPECT_EQ(edit("other", what::promote).error().code, errc::conflict);
  EXPECT_NE(edit("run", what::retry).error().message.en.find("active"), std::string::npos);
  EXPECT_EQ(edit("nobody", what::retry).error().code, errc::not_found);
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(edit("run", what::priority, 3).error().code, errc::conflict);
  EXPECT_EQ(state("other"), job_state::waiting);
}

TEST_P(queue_contract_control_edit, a_job_that_waits_for_children_cannot_be_removed) {
  auto s = spec("parent");
  s.children.push_back(spec("child"));
  ASSERT_TRUE(add(s));
  EXPECT_EQ(edit("parent", what::remove).error().code, errc::conflict);
}

TEST_P(queue_contract_control_edit, many_jobs_have_a_reply_each) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  job_edit how;
  how.kind = what::remove;
  std::vector<std::string> ids{"a", "nobody", "c"};
  const auto replies = edit(std::move(ids), std::move(how));
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_TRUE(replies[0]);
  EXPECT_EQ(replies[1].error().code, errc::not_found);
  EXPECT_TRUE(replies[2]);
  EXPECT_THAT(claim_ids(5), ElementsAre("b"));
}

TEST_P(queue_contract_control_edit, an_edit_that_cannot_be_stored_changes_nothing) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  backend_->refuse_next(error(errc::storage_full, "full"));
  job_edit how;
  how.kind = what::to_back;
  std::vector<std::string> ids{"a"};
  const auto replies = run(q().edit("songs", ids, how));
  EXPECT_TRUE(!replies || !replies->at(0));
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "b"));
}

TEST_P(queue_contract_control_edit, a_priority_out_of_range_is_refused) {
  ASSERT_TRUE(add(spec("a")));
  job_edit how;
  how.kind = what::priority;
  how.priority = priority_max + 1;
  std::vector<std::string> ids{"a"};
  const auto replies = run(q().edit("songs", ids, how));
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error().code, errc::validation);
}

TEST_P(queue_contract_control_clean, only_jobs_of_the_states_and_the_age_go) {
  for (const char* id : {"old", "new"}) {
    run_through(id, outcome::complete("1"));
    clock().advance(1'000);
  }
  run_through("broken", outcome::fail(broken(false)));
  ASSERT_TRUE(add(spec("waiting")));
  EXPECT_EQ(clean({job_state::completed}, 1'500), 1u);
  EXPECT_EQ(get("old").error().code, errc::not_found);
  EXPECT_TRUE(get("new"));
  EXPECT_EQ(clean({job_state::completed, job_state::failed}), 2u);
  EXPECT_EQ(counts().completed + counts().failed, 0);
  EXPECT_EQ(counts().waiting, 1);
  EXPECT_TRUE(settled_.empty()) << "they had ended";
  reopen();
  EXPECT_EQ(counts().completed + counts().failed, 0);
}

TEST_P(queue_contract_control_clean, a_drain_settles_what_waited) {
  auto late = spec("late");
  late.options.delay_ms = 1'000;
  ASSERT_TRUE(add({spec("a"), spec("p", 2), late, spec("run", 0)}));
  const auto held = claim().at(0).held;
  EXPECT_EQ(clean({job_state::waiting, job_state::prioritized}), 2u);
  EXPECT_EQ(counts().waiting + counts().prioritized, 0);
  EXPECT_EQ(counts().delayed, 1);
  EXPECT_EQ(clean({job_state::delayed}), 1u);
  EXPECT_EQ(settled_.size(), 3u);
  EXPECT_EQ(settled_.at(0).error->code, "removed");
  EXPECT_EQ(backend_->effects(), 3);
  EXPECT_TRUE(finish(held, outcome::complete("1"))) << "it runs on";
  std::size_t cleaned = 0;
  for (const auto& e : q().events(0, 1'000).events)
    cleaned += e.type == event_type::cleaned ? 1 : 0;
  EXPECT_EQ(cleaned, 2u);
}

TEST_P(queue_contract_control_clean, at_most_so_many_go_and_slices_are_whole) {
  std::vector<job_spec> many(2'500, spec());
  ASSERT_TRUE(add(many));
  EXPECT_EQ(clean({job_state::waiting}, 0, 10), 10u);
  EXPECT_EQ(counts().waiting, 2'490);
  EXPECT_EQ(clean({job_state::waiting}), 2'490u);
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_EQ(backend_->effects(), 2'500);
  reopen();
  EXPECT_EQ(counts().waiting, 0);
}

TEST_P(queue_contract_control_clean, a_wrong_request_is_refused) {
  clean_request r;
  r.queue = "songs";
  r.states = {job_state::active};
  EXPECT_EQ(run(q().clean(r)).error().code, errc::validation);
  r.states = {job_state::waiting_children};
  EXPECT_EQ(run(q().clean(r)).error().code, errc::validation);
  r.states = {job_state::completed};
  r.min_age_ms = -1;
  EXPECT_EQ(run(q().clean(r)).error().code, errc::validation);
}

TEST_P(queue_contract_control_clean, a_live_queue_cannot_be_obliterated) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  EXPECT_EQ(run(q().obliterate("songs", false, effect())).error().code, errc::conflict);
  const auto held = claim().at(0).held;
  ASSERT_TRUE(run(q().pause("songs", true)));
  EXPECT_EQ(run(q().obliterate("songs", false, effect())).error().code, errc::conflict);
  EXPECT_EQ(counts().waiting, 1);
  EXPECT_TRUE(finish(held, outcome::complete("1")));
}

TEST_P(queue_contract_control_clean, a_queue_that_is_only_set_is_live_and_an_unknown_one_is_gone) {
  queue_limits limits;
  limits.concurrency = 1;
  const auto obliterate = [&] { return run(q().obliterate("songs", false, nullptr)); };
  EXPECT_TRUE(obliterate());
  claim();  // of a queue that nobody knows: it does not make it known
  EXPECT_TRUE(obliterate());
  ASSERT_TRUE(run(q().set_limits("songs", limits)));
  EXPECT_EQ(obliterate().error().code, errc::conflict);
  reopen();
  EXPECT_EQ(obliterate().error().code, errc::conflict);
  ASSERT_TRUE(run(q().set_limits("songs", {})));
  EXPECT_TRUE(obliterate());
  ASSERT_TRUE(run(q().set_group_limits("songs", "a", group_limits{1, std::nullopt})));
  EXPECT_EQ(obliterate().error().code, errc::conflict);
  ASSERT_TRUE(run(q().pause("songs", true)));
  EXPECT_TRUE(obliterate());
  EXPECT_THAT(*q().queues(), IsEmpty());
  reopen();
  EXPECT_THAT(*q().queues(), IsEmpty());
}

TEST_P(queue_contract_control_clean, obliterate_removes_the_queue_with_all_that_is_in_it) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  const auto got = claim(2);
  ASSERT_TRUE(finish(got[0].held, outcome::complete("1")));
  ASSERT_TRUE(run(q().pause("songs", true)));
  const auto gone = run(q().obliterate("songs", true, effect()));
  ASSERT_TRUE(gone) << gone.error().what();
  EXPECT_EQ(finish(got[1].held, outcome::complete("1")).error().code, errc::lease_lost);
  EXPECT_THAT(*q().queues(), IsEmpty());
  EXPECT_FALSE(counts().paused);
  EXPECT_EQ(backend_->effects(), 2);
  reopen();
  EXPECT_THAT(*q().queues(), IsEmpty());
  EXPECT_FALSE((*add(spec("a")))[0].duplicate);
  EXPECT_THAT(claim_ids(5), ElementsAre("a"));
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_control_edit);
SON1K_QUEUE_CONTRACT(queue_contract_control_clean);

}  // namespace son1k::queue::test
