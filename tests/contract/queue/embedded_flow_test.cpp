// Flows, deduplication, expiry and edits over a restart: what was acknowledged is as it was.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::IsEmpty;

class flow_restart : public queue_contract {
 protected:
  static job_spec child(std::string id, child_failure then = child_failure::fail) {
    auto s = spec(std::move(id));
    s.options.on_failure = then;
    s.options.attempts = 1;
    return s;
  }
  static job_spec tree(std::vector<job_spec> children) {
    auto s = spec("root");
    s.children = std::move(children);
    return s;
  }
  lease only() {
    auto got = claim(10);
    EXPECT_EQ(got.size(), 1u);
    return got.empty() ? lease{} : got.front().held;
  }
  std::map<std::string, lease> all() {
    std::map<std::string, lease> out;
    for (auto& job : claim(100)) out[job.held.id] = job.held;
    return out;
  }
  std::vector<child_view> children(const std::string& id) {
    auto got = run(q().children("songs", id));
    EXPECT_TRUE(got) << got.error().what();
    return got ? *got : std::vector<child_view>{};
  }
  result<void> edit(job_edit::what kind, std::string id, std::int32_t priority = 0) {
    job_edit how;
    how.kind = kind;
    how.priority = priority;
    std::vector<std::string> ids;
    ids.push_back(std::move(id));
    auto got = run(q().edit("songs", std::move(ids), std::move(how)));
    return got ? got->front() : result<void>(got.error());
  }
};

TEST_P(flow_restart, a_parent_waits_for_its_children_also_after_a_restart) {
  ASSERT_TRUE(add(tree({child("a"), child("b")})));
  EXPECT_EQ(state("root"), job_state::waiting_children);
  auto held = all();
  ASSERT_EQ(held.size(), 2u);
  ASSERT_TRUE(finish(held["a"], outcome::complete("1")));
  reopen();
  EXPECT_EQ(state("root"), job_state::waiting_children);
  EXPECT_EQ(get("root")->children_left, 1);
  ASSERT_TRUE(finish(only(), outcome::complete("2")));
  const auto root = claim();
  ASSERT_EQ(root.size(), 1u);
  EXPECT_EQ(root[0].held.id, "root");
  EXPECT_FALSE(root[0].verdict);
  const auto kids = children("root");
  ASSERT_EQ(kids.size(), 2u);
  EXPECT_EQ(kids[0].result, "1");
  EXPECT_EQ(kids[1].result, "2");
}

TEST_P(flow_restart, the_last_childs_end_frees_the_parent_in_one_commit) {
  ASSERT_TRUE(add(tree({child("a")})));
  ASSERT_TRUE(finish(only(), outcome::complete("{}")));
  reopen();
  EXPECT_EQ(state("root"), job_state::waiting);
  EXPECT_EQ(only().id, "root");
}

TEST_P(flow_restart, a_failed_child_condemns_its_parent_for_good) {
  ASSERT_TRUE(add(tree({child("a")})));
  ASSERT_TRUE(finish(only(), outcome::fail(broken(false))));
  reopen();
  const auto got = claim(10);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].held.id, "root");
  ASSERT_TRUE(got[0].verdict);
  EXPECT_EQ(got[0].verdict->code, "child_failed");
  EXPECT_FALSE(got[0].verdict->retryable);
  ASSERT_TRUE(finish(got[0].held, outcome::fail(*got[0].verdict)));
  EXPECT_EQ(state("root"), job_state::failed);
  ASSERT_TRUE(edit(job_edit::what::retry, "root"));
  reopen();
  const auto again = claim(10);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].held.id, "root");
  EXPECT_FALSE(again[0].verdict);
}

TEST_P(flow_restart, proceed_runs_the_parent_at_once_and_only_once) {
  ASSERT_TRUE(add(tree({child("a", child_failure::proceed), child("b")})));
  auto held = all();
  ASSERT_TRUE(finish(held["a"], outcome::fail(broken(false))));
  reopen();
  std::map<std::string, claimed_job> got;
  for (auto& job : claim(10)) got[job.held.id] = job;
  ASSERT_TRUE(got.contains("root"));
  EXPECT_FALSE(got["root"].verdict);
  ASSERT_TRUE(finish(got["root"].held, outcome::wait_for_children()));
  EXPECT_EQ(state("root"), job_state::waiting_children);
  reopen();
  EXPECT_EQ(state("root"), job_state::waiting_children);
}

TEST_P(flow_restart, a_held_parent_waits_for_the_retried_child) {
  ASSERT_TRUE(add(tree({child("a", child_failure::hold)})));
  ASSERT_TRUE(finish(only(), outcome::fail(broken(false))));
  EXPECT_EQ(state("root"), job_state::waiting_children);
  reopen();
  EXPECT_EQ(state("root"), job_state::waiting_children);
  EXPECT_EQ(get("root")->children_left, 1);
  ASSERT_TRUE(edit(job_edit::what::retry, "a"));
  reopen();
  ASSERT_TRUE(finish(only(), outcome::complete("7")));
  EXPECT_EQ(state("root"), job_state::waiting);
  EXPECT_EQ(children("root")[0].result, "7");
}

TEST_P(flow_restart, the_removal_of_a_held_child_frees_its_parent) {
  ASSERT_TRUE(add(tree({child("a", child_failure::hold)})));
  ASSERT_TRUE(finish(only(), outcome::fail(broken(false))));
  ASSERT_TRUE(edit(job_edit::what::remove, "a"));
  EXPECT_EQ(state("root"), job_state::waiting);
  reopen();
  EXPECT_EQ(state("root"), job_state::waiting);
}

TEST_P(flow_restart, children_are_cancelled_with_their_parent) {
  auto inner = spec("inner");
  inner.children.push_back(child("leaf"));
  ASSERT_TRUE(add(tree({std::move(inner), child("other")})));
  ASSERT_TRUE(cancel("root"));
  EXPECT_FALSE(get("root"));
  EXPECT_FALSE(get("leaf"));
  EXPECT_FALSE(get("inner"));
  EXPECT_THAT(claim_ids(10), IsEmpty());
  reopen();
  EXPECT_THAT(claim_ids(10), IsEmpty());
}

TEST_P(flow_restart, children_of_a_run_are_waited_for_also_after_a_restart) {
  ASSERT_TRUE(add(spec("root")));
  const auto held = only();
  auto late = child("late");
  late.parent = job_ref{"songs", "root"};
  ASSERT_TRUE(add(late));
  auto gone = finish(held, outcome::wait_for_children());
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->state, job_state::waiting_children);
  reopen();
  EXPECT_EQ(state("root"), job_state::waiting_children);
  ASSERT_TRUE(finish(only(), outcome::complete("[]")));
  EXPECT_EQ(only().id, "root");
  late.id = "unknown";
  late.parent = job_ref{"songs", "nobody"};
  const auto refused = add(late);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::not_found);
  EXPECT_EQ(refused.error().field, "parent");
}

TEST_P(flow_restart, a_tree_is_added_whole_or_not_at_all) {
  faults().fail_commit(1, error(errc::storage_full, "full"));
  EXPECT_FALSE(add(tree({child("a")})));
  EXPECT_FALSE(get("a"));
  EXPECT_FALSE(get("root"));
  ASSERT_TRUE(add(tree({child("a")})));
  auto again = add(tree({child("a"), child("b")}));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->front().duplicate);
  EXPECT_FALSE(get("b"));
}

TEST_P(flow_restart, a_deduplication_id_is_held_until_the_job_has_ended) {
  auto s = spec("first");
  s.options.dedup.id = "d";
  ASSERT_TRUE(add(s));
  reopen();
  s.id = "second";
  auto refused = add(s);
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->front().duplicate);
  EXPECT_EQ(refused->front().id, "first");
  EXPECT_EQ(get("first")->options.dedup.id, "d");
  ASSERT_TRUE(finish(only(), outcome::complete("1")));
  reopen();
  auto taken = add(s);
  ASSERT_TRUE(taken);
  EXPECT_FALSE(taken->front().duplicate);
}

TEST_P(flow_restart, a_time_to_live_outlives_the_job_and_the_process) {
  auto s = spec("first");
  s.options.dedup = {"d", 1'000, true, false};
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(finish(only(), outcome::complete("1")));
  clock().advance(600);
  s.id = "second";
  EXPECT_TRUE(add(s)->front().duplicate);
  reopen();
  clock().advance(600);
  EXPECT_TRUE(add(s)->front().duplicate);
  clock().advance(1'001);
  EXPECT_FALSE(add(s)->front().duplicate);
}

TEST_P(flow_restart, a_replaced_delayed_owner_has_the_newest_argument) {
  auto s = spec("first");
  s.options.dedup = {"d", 0, false, true};
  s.options.delay_ms = 1'000;
  s.data = "1";
  ASSERT_TRUE(add(s));
  s.id = "second";
  s.data = "2";
  s.options.delay_ms = 5'000;
  EXPECT_EQ(add(s)->front().id, "first");
  reopen();
  EXPECT_EQ(get("first")->data, "2");
  clock().advance(1'001);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  clock().advance(4'000);
  const auto got = claim();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].data, "2");
}

TEST_P(flow_restart, two_adds_under_way_at_once_leave_one_owner) {
  auto s = spec();
  s.options.dedup.id = "d";
  store::transaction one;
  store::transaction two;
  ASSERT_TRUE(q().stage(one, s));
  ASSERT_TRUE(q().stage(two, s));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(one)));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(two)));
  EXPECT_EQ(counts().waiting, 1);
  reopen();
  EXPECT_EQ(counts().waiting, 1);
}

TEST_P(flow_restart, an_expired_job_is_ended_first_and_never_run) {
  for (const auto* id : {"x", "y"}) ASSERT_TRUE(add(spec(id)));
  auto s = spec("late", 9);
  s.options.expires_in_ms = 1'000;
  ASSERT_TRUE(add(s));
  reopen();
  clock().advance(1'001);
  const auto got = claim(1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].held.id, "late");
  ASSERT_TRUE(got[0].verdict);
  EXPECT_EQ(got[0].verdict->code, "expired");
}

TEST_P(flow_restart, edits_stay) {
  for (const auto* id : {"a", "b", "c", "d"}) ASSERT_TRUE(add(spec(id)));
  auto s = spec("later");
  s.options.delay_ms = 60'000;
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(edit(job_edit::what::to_front, "c"));
  ASSERT_TRUE(edit(job_edit::what::to_back, "a"));
  ASSERT_TRUE(edit(job_edit::what::promote, "later"));
  ASSERT_TRUE(edit(job_edit::what::priority, "b", 5));
  EXPECT_EQ(edit(job_edit::what::promote, "b").error().code, errc::conflict);
  EXPECT_EQ(edit(job_edit::what::remove, "z").error().code, errc::not_found);
  reopen();
  const auto order = claim_ids(10);
  ASSERT_EQ(order.size(), 5u);
  EXPECT_EQ(order.front(), "c");
  EXPECT_EQ(order[1], "d");
  EXPECT_EQ(order.back(), "b");
}

SON1K_QUEUE_CONTRACT(flow_restart);

}  // namespace
}  // namespace son1k::queue::test
