// Flows: children first, their results, and what their failure means.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_flows : public queue_contract {
 protected:
  job_spec child(const std::string& id, child_failure on_failure = child_failure::fail) {
    auto s = spec(id);
    s.options.attempts = 1;
    s.options.on_failure = on_failure;
    return s;
  }
  job_spec flow(std::vector<job_spec> children) {
    auto s = spec("parent");
    s.children = std::move(children);
    return s;
  }
  std::vector<child_view> children(const std::string& id = "parent") {
    auto got = run(q().children("songs", id));
    EXPECT_TRUE(got) << got.error().what();
    return got ? *got : std::vector<child_view>{};
  }
  void end(const std::string& id, outcome how) {
    const auto job = claim().at(0);
    ASSERT_EQ(job.held.id, id);
    ASSERT_TRUE(finish(job.held, std::move(how)));
  }
};

TEST_P(queue_contract_flows, a_parent_runs_when_its_children_have_ended_and_reads_their_results) {
  ASSERT_TRUE(add(flow({child("a"), child("b")})));
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  EXPECT_EQ(get("parent")->children_left, 2);
  EXPECT_EQ(get("a")->parent->id, "parent");
  EXPECT_EQ(counts().waiting_children, 1);
  end("a", outcome::complete(R"({"n":1})"));
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  EXPECT_EQ(get("parent")->children_left, 1);
  end("b", outcome::complete("2"));
  EXPECT_EQ(state("parent"), job_state::waiting);
  const auto job = claim().at(0);
  EXPECT_EQ(job.held.id, "parent");
  EXPECT_FALSE(job.verdict);
  const auto all = children();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].job.id, "a");
  EXPECT_EQ(all[0].state, job_state::completed);
  EXPECT_EQ(all[0].result, R"({"n":1})");
  EXPECT_EQ(all[1].result, "2");
}

TEST_P(queue_contract_flows, a_tree_runs_from_its_leaves) {
  auto middle = child("middle");
  middle.children.push_back(child("leaf"));
  ASSERT_TRUE(add(flow({middle})));
  end("leaf", outcome::complete("1"));
  end("middle", outcome::complete("2"));
  end("parent", outcome::complete("3"));
}

TEST_P(queue_contract_flows, children_may_live_in_other_queues) {
  auto elsewhere = child("a");
  elsewhere.queue = "films";
  ASSERT_TRUE(add(flow({elsewhere})));
  claim_request r;
  r.queue = "films";
  const auto got = run(q().claim(r));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1u);
  ASSERT_TRUE(finish((*got)[0].held, outcome::complete("1")));
  EXPECT_EQ(state("parent"), job_state::waiting);
  EXPECT_EQ(children().at(0).job.queue, "films");
}

TEST_P(queue_contract_flows, a_tree_whose_root_is_known_adds_nothing) {
  ASSERT_TRUE(add(spec("parent")));
  const auto reply = add(flow({child("a")}));
  ASSERT_TRUE(reply);
  EXPECT_TRUE((*reply)[0].duplicate);
  EXPECT_EQ(get("a").error().code, errc::not_found);
}

TEST_P(queue_contract_flows, a_wrong_child_adds_nothing) {
  auto bad = child("bad");
  bad.data = "{";
  const auto reply = add(flow({child("a"), bad}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::validation);
  EXPECT_EQ(reply.error().field, "children[1].data");
  EXPECT_EQ(get("a").error().code, errc::not_found);
}

TEST_P(queue_contract_flows, a_failed_child_fails_its_parent_by_a_verdict) {
  ASSERT_TRUE(add(flow({child("a"), child("b")})));
  end("a", outcome::fail(broken()));
  const auto job = claim().at(0);
  EXPECT_EQ(job.held.id, "parent");
  ASSERT_TRUE(job.verdict);
  EXPECT_EQ(job.verdict->code, "child_failed");
  EXPECT_FALSE(job.verdict->retryable);
  ASSERT_TRUE(settle(job.held, outcome::fail(*job.verdict)));
  EXPECT_EQ(get("parent")->state, job_state::failed);
  EXPECT_EQ(settled_.size(), 1u);
}

TEST_P(queue_contract_flows, a_child_that_is_retried_has_not_failed_yet) {
  auto again = child("a");
  again.options.attempts = 2;
  again.options.backoff.delay_ms = 0;
  ASSERT_TRUE(add(flow({again})));
  end("a", outcome::fail(broken()));
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  end("a", outcome::complete("1"));
  EXPECT_EQ(state("parent"), job_state::waiting);
}

TEST_P(queue_contract_flows, with_proceed_the_parent_runs_at_once) {
  ASSERT_TRUE(add(flow({child("a", child_failure::proceed), child("b")})));
  end("a", outcome::fail(broken()));
  EXPECT_EQ(state("parent"), job_state::waiting);
  EXPECT_EQ(state("b"), job_state::waiting);
  EXPECT_EQ(get("parent")->children_left, 1);
}

TEST_P(queue_contract_flows, with_ignore_a_failed_child_counts_as_done) {
  ASSERT_TRUE(add(flow({child("a", child_failure::ignore), child("b")})));
  end("a", outcome::fail(broken()));
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  end("b", outcome::complete("2"));
  EXPECT_FALSE(claim().at(0).verdict);
  const auto all = children();
  EXPECT_EQ(all.at(0).state, job_state::failed);
  EXPECT_EQ(all.at(0).error->message, "it broke");
}

TEST_P(queue_contract_flows, with_hold_the_parent_waits_until_the_child_is_retried) {
  ASSERT_TRUE(add(flow({child("a", child_failure::hold)})));
  end("a", outcome::fail(broken()));
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  ASSERT_TRUE(edit("a", job_edit::what::retry));
  end("a", outcome::complete("1"));
  EXPECT_FALSE(claim().at(0).verdict);
  EXPECT_EQ(children().at(0).result, "1");
}

TEST_P(queue_contract_flows, with_hold_the_parent_goes_on_when_the_child_is_removed) {
  ASSERT_TRUE(add(flow({child("a", child_failure::hold)})));
  end("a", outcome::fail(broken()));
  ASSERT_TRUE(edit("a", job_edit::what::remove));
  EXPECT_EQ(state("parent"), job_state::waiting);
}

TEST_P(queue_contract_flows, a_removed_child_has_failed) {
  ASSERT_TRUE(add(flow({child("a"), child("b", child_failure::ignore)})));
  ASSERT_TRUE(edit("b", job_edit::what::remove));
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  ASSERT_TRUE(edit("a", job_edit::what::remove));
  EXPECT_EQ(claim().at(0).verdict->code, "child_failed");
}

TEST_P(queue_contract_flows, a_running_job_adds_children_and_waits_for_them) {
  ASSERT_TRUE(add(spec("parent")));
  const auto held = claim().at(0).held;
  auto late = child("late");
  late.parent = job_ref{"songs", "parent"};
  ASSERT_TRUE(add(late));
  EXPECT_EQ(finish(held, outcome::wait_for_children())->state, job_state::waiting_children);
  EXPECT_THAT(told(), Contains("waiting-children:parent"));
  end("late", outcome::complete("7"));
  const auto again = claim().at(0);
  EXPECT_EQ(again.held.id, "parent");
  EXPECT_EQ(again.attempts_made, 0);
  EXPECT_EQ(children().at(0).result, "7");
}

TEST_P(queue_contract_flows, to_wait_for_children_that_have_ended_is_to_run_at_once) {
  ASSERT_TRUE(add(spec("parent")));
  const auto held = claim().at(0).held;
  EXPECT_EQ(finish(held, outcome::wait_for_children())->state, job_state::waiting);
  EXPECT_EQ(claim().at(0).held.id, "parent");
}

TEST_P(queue_contract_flows, an_unknown_or_ended_parent_is_said) {
  auto late = child("late");
  late.parent = job_ref{"songs", "parent"};
  const auto unknown = add(late);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, errc::not_found);
  EXPECT_EQ(unknown.error().field, "parent");
  run_through("parent", outcome::complete("1"));
  EXPECT_EQ(add(late).error().code, errc::not_found);
  EXPECT_EQ(get("late").error().code, errc::not_found);
}

TEST_P(queue_contract_flows, children_are_cancelled_with_their_parent) {
  auto middle = child("middle");
  middle.children.push_back(child("leaf"));
  ASSERT_TRUE(add(flow({middle, child("running")})));
  const auto leaf = claim().at(0);
  ASSERT_EQ(leaf.held.id, "leaf");
  ASSERT_TRUE(cancel("parent"));
  EXPECT_EQ(get("parent").error().code, errc::not_found);
  EXPECT_EQ(get("middle").error().code, errc::not_found);
  EXPECT_EQ(get("running").error().code, errc::not_found);
  const lease held[] = {leaf.held};
  EXPECT_THAT(q().cancel_requests(held), ElementsAre("leaf"));
  ASSERT_TRUE(finish(leaf.held, outcome::cancel()));
  EXPECT_THAT(claim_ids(5), IsEmpty());
}

TEST_P(queue_contract_flows, a_cancelled_child_has_failed) {
  ASSERT_TRUE(add(flow({child("a")})));
  ASSERT_TRUE(cancel("a"));
  EXPECT_EQ(claim().at(0).verdict->code, "child_failed");
}

TEST_P(queue_contract_flows, results_stay_with_the_parent_when_the_child_is_gone) {
  auto gone = child("a");
  gone.options.keep_completed.count = 0;
  ASSERT_TRUE(add(flow({gone})));
  end("a", outcome::complete("5"));
  EXPECT_EQ(get("a").error().code, errc::not_found);
  EXPECT_EQ(children().at(0).result, "5");
  reopen();
  EXPECT_EQ(children().at(0).result, "5");
  EXPECT_EQ(claim().at(0).held.id, "parent");
}

TEST_P(queue_contract_flows, a_flow_survives_restarts_at_every_step) {
  ASSERT_TRUE(add(flow({child("a"), child("b", child_failure::ignore)})));
  reopen();
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  EXPECT_EQ(get("parent")->children_left, 2);
  end("a", outcome::complete("1"));
  reopen();
  EXPECT_EQ(get("parent")->children_left, 1);
  end("b", outcome::fail(broken()));
  reopen();
  EXPECT_EQ(state("parent"), job_state::waiting);
  EXPECT_EQ(claim().at(0).held.id, "parent");
  const auto all = children();
  EXPECT_EQ(all.at(0).result, "1");
  EXPECT_EQ(all.at(1).state, job_state::failed);
}

TEST_P(queue_contract_flows, a_verdict_survives_a_restart) {
  ASSERT_TRUE(add(flow({child("a"), child("b")})));
  end("a", outcome::fail(broken()));
  reopen();
  const auto job = claim().at(0);
  EXPECT_EQ(job.held.id, "parent");
  ASSERT_TRUE(job.verdict);
  EXPECT_EQ(job.verdict->code, "child_failed");
}

TEST_P(queue_contract_flows, a_child_whose_end_is_refused_leaves_the_parent_waiting) {
  ASSERT_TRUE(add(flow({child("a")})));
  const auto held = claim().at(0).held;
  backend_->refuse_next(error(errc::storage_full, "full"));
  EXPECT_FALSE(finish(held, outcome::complete("1")));
  EXPECT_EQ(state("parent"), job_state::waiting_children);
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(state("parent"), job_state::waiting);
}

TEST_P(queue_contract_flows, a_delayed_parent_waits_for_both) {
  auto s = flow({child("a")});
  s.options.delay_ms = 1'000;
  ASSERT_TRUE(add(s));
  end("a", outcome::complete("1"));
  EXPECT_EQ(state("parent"), job_state::delayed);
  clock().advance(1'000);
  EXPECT_EQ(claim().at(0).held.id, "parent");
}

TEST_P(queue_contract_flows, children_of_an_unknown_job_are_not_found) {
  EXPECT_EQ(run(q().children("songs", "nobody")).error().code, errc::not_found);
  ASSERT_TRUE(add(spec("alone")));
  EXPECT_THAT(children("alone"), IsEmpty());
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_flows);

}  // namespace son1k::queue::test
