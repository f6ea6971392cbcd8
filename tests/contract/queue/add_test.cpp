// Adding: ids, duplicates, all or none.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_add : public queue_contract {};

TEST_P(queue_contract_add, an_added_job_can_be_read_and_claimed) {
  auto s = spec("one");
  s.data = R"({"a":1})";
  s.options.attempts = 7;
  s.options.traceparent = "00-aa-bb-01";
  ASSERT_TRUE(add(s));
  EXPECT_EQ(state("one"), job_state::waiting);
  const auto got = claim();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].held.id, "one");
  EXPECT_EQ(got[0].held.fence, 1);
  EXPECT_EQ(got[0].kind, "probe");
  EXPECT_EQ(got[0].data, R"({"a":1})");
  EXPECT_EQ(got[0].options.attempts, 7);
  EXPECT_EQ(got[0].options.traceparent, "00-aa-bb-01");
  EXPECT_EQ(got[0].attempts_made, 0);
  EXPECT_FALSE(got[0].verdict);
  EXPECT_EQ(state("one"), job_state::active);
  const auto view = get("one");
  EXPECT_EQ(view->data, R"({"a":1})");
  EXPECT_EQ(view->starts, 1);
}

TEST_P(queue_contract_add, a_job_without_an_id_gets_one) {
  const auto a = add({spec(), spec()});
  ASSERT_TRUE(a);
  EXPECT_NE((*a)[0].id, (*a)[1].id);
  EXPECT_EQ((*a)[0].id.size(), 36u);
  EXPECT_THAT(claim_ids(5), ElementsAre((*a)[0].id, (*a)[1].id));
}

TEST_P(queue_contract_add, a_second_add_of_an_id_returns_the_first_job) {
  auto first = spec("same");
  first.data = "1";
  ASSERT_TRUE(add(first));
  auto again = spec("same");
  again.data = "2";
  const auto reply = add({again, spec("other"), spec("other")});
  ASSERT_TRUE(reply);
  EXPECT_TRUE((*reply)[0].duplicate);
  EXPECT_FALSE((*reply)[1].duplicate);
  EXPECT_TRUE((*reply)[2].duplicate);
  EXPECT_EQ(counts().waiting, 2);
  EXPECT_EQ(get("same")->data, "1");
}

TEST_P(queue_contract_add, an_ended_job_still_holds_its_id) {
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(finish(claim()[0].held, outcome::complete("1")));
  EXPECT_TRUE((*add(spec("a")))[0].duplicate);
  reopen();
  EXPECT_TRUE((*add(spec("a")))[0].duplicate);
}

TEST_P(queue_contract_add, an_id_staged_twice_is_added_once_by_whoever_commits) {
  store::transaction first, second;
  ASSERT_FALSE(q().stage(first, spec("x"))->duplicate);
  ASSERT_TRUE(q().stage(second, spec("x")));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(second)));
  EXPECT_EQ(counts().waiting, 1);
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(first)));
  EXPECT_EQ(counts().waiting, 1);
  reopen();
  EXPECT_THAT(claim_ids(5), ElementsAre("x"));
}

TEST_P(queue_contract_add, a_duplicate_stands_when_the_first_is_rolled_back) {
  {
    store::transaction first;
    ASSERT_TRUE(q().stage(first, spec("x")));
    store::transaction second;
    ASSERT_TRUE(q().stage(second, spec("x")));
    first.stage([](store::connection&) -> result<void> { return error(errc::conflict, "no"); });
    EXPECT_FALSE(store::commit_and_wait(db(), std::move(first)));
    EXPECT_EQ(counts().waiting, 0);
    ASSERT_TRUE(store::commit_and_wait(db(), std::move(second)));
  }
  EXPECT_EQ(counts().waiting, 1);
}

TEST_P(queue_contract_add, a_dropped_transaction_leaves_no_trace) {
  {
    store::transaction tx;
    ASSERT_TRUE(q().stage(tx, spec("x")));
  }
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_FALSE((*add(spec("x")))[0].duplicate);
  EXPECT_EQ(counts().waiting, 1);
}

TEST_P(queue_contract_add, a_job_is_claimable_only_once_its_transaction_is_committed) {
  store::transaction tx;
  ASSERT_TRUE(q().stage(tx, spec("x")));
  EXPECT_THAT(claim_ids(1), IsEmpty());
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_THAT(claim_ids(1), ElementsAre("x"));
}

TEST_P(queue_contract_add, a_wrong_job_among_many_adds_none) {
  auto bad = spec("bad");
  bad.data = "{";
  const auto reply = add({spec("a"), bad});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::validation);
  EXPECT_EQ(reply.error().field, "jobs[1].data");
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_EQ(get("a").error().code, errc::not_found);
}

TEST_P(queue_contract_add, an_add_without_room_on_disk_adds_none_and_may_be_repeated) {
  backend_->refuse_next(error(errc::storage_full, "full"));
  const auto reply = add({spec("a"), spec("b")});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::storage_full);
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_FALSE((*add({spec("a"), spec("b")}))[0].duplicate);
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "b"));
}

TEST_P(queue_contract_add, an_add_says_how_many_are_before_it) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("p5", 5)}));
  EXPECT_EQ((*add(spec("c")))[0].position, 2);
  EXPECT_EQ((*add(spec("p5b", 5)))[0].position, 4);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_add);

}  // namespace son1k::queue::test
