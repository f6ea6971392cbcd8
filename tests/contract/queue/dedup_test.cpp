// Deduplication: who owns an id, and what a refused add does.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_dedup : public queue_contract {
 protected:
  job_spec only_one(const std::string& id, std::int64_t ttl_ms = 0) {
    auto s = spec(id);
    s.options.dedup.id = "nightly";
    s.options.dedup.ttl_ms = ttl_ms;
    return s;
  }
  // The owner's id, or nothing if the job was added.
  std::string refused(job_spec s) {
    const auto reply = add(std::move(s));
    EXPECT_TRUE(reply) << reply.error().what();
    return reply && reply->at(0).duplicate ? reply->at(0).id : std::string();
  }
};

TEST_P(queue_contract_dedup, an_owned_id_is_not_added_again_until_its_owner_has_ended) {
  EXPECT_EQ(refused(only_one("a")), "");
  EXPECT_EQ(refused(only_one("b")), "a");
  EXPECT_EQ(get("b").error().code, errc::not_found);
  EXPECT_THAT(told(), Contains("deduplicated:a"));
  const auto held = claim().at(0).held;
  EXPECT_EQ(refused(only_one("c")), "a");
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(refused(only_one("d")), "");
  EXPECT_THAT(claim_ids(5), ElementsAre("d"));
}

TEST_P(queue_contract_dedup, a_retry_keeps_the_owner_and_its_failure_ends_it) {
  auto s = only_one("a");
  s.options.attempts = 2;
  s.options.backoff.delay_ms = 0;
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken())));
  EXPECT_EQ(refused(only_one("b")), "a");
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken())));
  EXPECT_EQ(refused(only_one("c")), "");
}

TEST_P(queue_contract_dedup, a_cancelled_owner_gives_its_id_up) {
  ASSERT_TRUE(add(only_one("a")));
  ASSERT_TRUE(cancel("a"));
  EXPECT_EQ(refused(only_one("b")), "");
}

TEST_P(queue_contract_dedup, a_time_to_live_holds_the_id_so_long_whatever_becomes_of_the_job) {
  ASSERT_TRUE(add(only_one("a", 1'000)));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::complete("1")));
  clock().advance(999);
  EXPECT_EQ(refused(only_one("b", 1'000)), "a");
  clock().advance(1);
  EXPECT_EQ(refused(only_one("c", 1'000)), "");
}

TEST_P(queue_contract_dedup, extend_starts_the_time_to_live_anew) {
  auto s = only_one("a", 1'000);
  s.options.dedup.extend = true;
  ASSERT_TRUE(add(s));
  for (int n = 0; n < 3; ++n) {
    clock().advance(900);
    s.id = "again-" + std::to_string(n);
    EXPECT_EQ(refused(s), "a");
  }
  clock().advance(1'000);
  s.id = "b";
  EXPECT_EQ(refused(s), "");
}

TEST_P(queue_contract_dedup, replace_puts_data_and_delay_into_a_delayed_owner) {
  auto s = only_one("a");
  s.options.delay_ms = 1'000;
  s.options.dedup.replace = true;
  s.data = R"({"n":1})";
  ASSERT_TRUE(add(s));
  clock().advance(900);
  s.id = "b";
  s.data = R"({"n":2})";
  EXPECT_EQ(refused(s), "a");
  clock().advance(900);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  clock().advance(100);
  const auto job = claim().at(0);
  EXPECT_EQ(job.held.id, "a");
  EXPECT_EQ(job.data, R"({"n":2})");
  s.id = "c";
  s.data = R"({"n":3})";
  EXPECT_EQ(refused(s), "a");
  EXPECT_EQ(get("a")->data, R"({"n":2})") << "it runs already";
}

TEST_P(queue_contract_dedup, owners_are_known_after_a_restart) {
  ASSERT_TRUE(add(only_one("a")));
  auto timed = only_one("t", 1'000);
  timed.options.dedup.id = "timed";
  ASSERT_TRUE(add(timed));
  reopen();
  EXPECT_EQ(refused(only_one("b")), "a");
  timed.id = "u";
  EXPECT_EQ(refused(timed), "t");
  clock().advance(1'000);
  EXPECT_EQ(refused(timed), "");
}

TEST_P(queue_contract_dedup, of_many_in_one_add_the_first_owns_the_id) {
  const auto replies = add({only_one("a"), only_one("b"), spec("c")});
  ASSERT_TRUE(replies);
  EXPECT_FALSE((*replies)[0].duplicate);
  EXPECT_TRUE((*replies)[1].duplicate);
  EXPECT_EQ((*replies)[1].id, "a");
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "c"));
}

TEST_P(queue_contract_dedup, replace_works_within_one_add_and_within_one_commit) {
  auto s = only_one("a");
  s.options.delay_ms = 1'000;
  s.options.dedup.replace = true;
  s.data = "1";
  auto again = s;
  again.id = "b";
  again.data = "2";
  ASSERT_TRUE(add({s, again}));
  EXPECT_EQ(get("a")->data, "2");
  store::transaction tx;
  again.id = "c";
  again.data = "3";
  auto other = again;
  other.options.dedup.id = "weekly";
  other.data = "4";
  auto after = other;
  after.id = "d";
  after.data = "5";
  auto last = again;
  last.id = "e";
  last.data = "6";
  for (const auto& one : {again, other, after, last}) ASSERT_TRUE(q().stage(tx, one));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_EQ(get("a")->data, "6");
  EXPECT_EQ(get("c")->data, "5");
  reopen();
  EXPECT_EQ(get("a")->data, "6");
  EXPECT_EQ(get("c")->data, "5");
  clock().advance(1'000);
  const auto got = claim(5);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].data, "6");
  EXPECT_EQ(got[1].data, "5");
}

TEST_P(queue_contract_dedup, replace_asks_for_the_state_of_the_owner_when_it_is_committed) {
  auto s = only_one("a");
  s.options.delay_ms = 1'000;
  s.options.dedup.replace = true;
  s.data = "1";
  ASSERT_TRUE(add(s));
  s.id = "b";
  s.data = "2";
  store::transaction late;
  ASSERT_TRUE(q().stage(late, s));
  clock().advance(1'000);
  const auto held = claim().at(0);
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(late)));
  EXPECT_EQ(get("a")->data, "1") << "it ran before the commit";
  store::transaction soon;
  ASSERT_TRUE(q().stage(soon, s));
  ASSERT_TRUE(finish(held.held, outcome::delay_until(clock().now_ms() + 5'000)));
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(soon)));
  EXPECT_EQ(get("a")->data, "2") << "it is delayed at the commit";
  clock().advance(1'000);
  EXPECT_EQ(claim().at(0).data, "2");
}

TEST_P(queue_contract_dedup, an_add_that_is_rolled_back_owns_nothing) {
  backend_->refuse_next(error(errc::storage_full, "full"));
  EXPECT_FALSE(add(only_one("a")));
  EXPECT_EQ(refused(only_one("b")), "");
}

TEST_P(queue_contract_dedup, each_queue_has_its_own_ids) {
  ASSERT_TRUE(add(only_one("a")));
  auto elsewhere = only_one("b");
  elsewhere.queue = "films";
  EXPECT_EQ(refused(elsewhere), "");
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_dedup);

}  // namespace son1k::queue::test
