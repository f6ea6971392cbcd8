// Adding, the order of claims, delays, waiting claims.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(queue_contract, an_added_job_can_be_read_and_claimed) {
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

TEST_P(queue_contract, a_job_without_an_id_gets_one) {
  const auto a = add({spec(), spec()});
  ASSERT_TRUE(a);
  EXPECT_NE((*a)[0].id, (*a)[1].id);
  EXPECT_EQ((*a)[0].id.size(), 36u);
  EXPECT_THAT(claim_ids(5), ElementsAre((*a)[0].id, (*a)[1].id));
}

TEST_P(queue_contract, a_second_add_of_an_id_returns_the_first_job) {
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

TEST_P(queue_contract, an_ended_job_still_holds_its_id) {
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(finish(claim()[0].held, outcome::complete("1")));
  EXPECT_TRUE((*add(spec("a")))[0].duplicate);
  reopen();
  EXPECT_TRUE((*add(spec("a")))[0].duplicate);
}

TEST_P(queue_contract, an_id_staged_twice_is_added_once_by_whoever_commits) {
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

TEST_P(queue_contract, a_duplicate_stands_when_the_first_is_rolled_back) {
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

TEST_P(queue_contract, a_dropped_transaction_leaves_no_trace) {
  {
    store::transaction tx;
    ASSERT_TRUE(q().stage(tx, spec("x")));
  }
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_FALSE((*add(spec("x")))[0].duplicate);
  EXPECT_EQ(counts().waiting, 1);
}

TEST_P(queue_contract, a_job_is_claimable_only_once_its_transaction_is_committed) {
  store::transaction tx;
  ASSERT_TRUE(q().stage(tx, spec("x")));
  EXPECT_THAT(claim_ids(1), IsEmpty());
  ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  EXPECT_THAT(claim_ids(1), ElementsAre("x"));
}

TEST_P(queue_contract, a_wrong_job_among_many_adds_none) {
  auto bad = spec("bad");
  bad.data = "{";
  const auto reply = add({spec("a"), bad});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::validation);
  EXPECT_EQ(reply.error().field, "jobs[1].data");
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_EQ(get("a").error().code, errc::not_found);
}

TEST_P(queue_contract, an_add_without_room_on_disk_adds_none_and_may_be_repeated) {
  faults().fail_commit(1, error(errc::storage_full, "full"));
  const auto reply = add({spec("a"), spec("b")});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::storage_full);
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_FALSE((*add({spec("a"), spec("b")}))[0].duplicate);
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "b"));
}

TEST_P(queue_contract, jobs_without_priority_come_first_then_the_lower_number) {
  ASSERT_TRUE(add({spec("p9", 9), spec("p2", 2), spec("a"), spec("p2b", 2), spec("b")}));
  EXPECT_EQ(counts().waiting, 2);
  EXPECT_EQ(counts().prioritized, 3);
  EXPECT_THAT(claim_ids(10), ElementsAre("a", "b", "p2", "p2b", "p9"));
}

TEST_P(queue_contract, an_add_says_how_many_are_before_it) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("p5", 5)}));
  EXPECT_EQ((*add(spec("c")))[0].position, 2);
  EXPECT_EQ((*add(spec("p5b", 5)))[0].position, 4);
}

TEST_P(queue_contract, a_claim_takes_at_most_what_it_asks_for) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  EXPECT_THAT(claim_ids(2), ElementsAre("a", "b"));
  EXPECT_THAT(claim_ids(2), ElementsAre("c"));
  EXPECT_THAT(claim_ids(2), IsEmpty());
}

TEST_P(queue_contract, delayed_jobs_become_ready_in_the_order_they_are_due) {
  const std::pair<const char*, std::int64_t> delays[] = {
      {"late", 300}, {"soon", 100}, {"mid", 200}};
  for (const auto& [id, delay] : delays) {
    auto s = spec(id);
    s.options.delay_ms = delay;
    ASSERT_TRUE(add(s));
  }
  EXPECT_EQ(counts().delayed, 3);
  clock().advance(99);
  EXPECT_THAT(claim_ids(5), IsEmpty());
  clock().advance(101);
  EXPECT_THAT(claim_ids(5), ElementsAre("soon", "mid"));
  clock().advance(100);
  EXPECT_THAT(claim_ids(5), ElementsAre("late"));
}

TEST_P(queue_contract, a_clock_set_forward_makes_nothing_due) {
  auto s = spec("later");
  s.options.delay_ms = 60'000;
  ASSERT_TRUE(add(s));
  clock().set_wall(clock().now_ms() + 3'600'000);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  clock().advance(60'000);
  EXPECT_THAT(claim_ids(1), ElementsAre("later"));
}

TEST_P(queue_contract, a_waiting_claim_gets_the_job_when_it_is_added) {
  claim_request r;
  r.queue = "songs";
  r.worker = "w";
  r.max = 5;
  r.wait_ms = 3'600'000;
  auto& loop = new_loop();
  auto waiting = boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future);
  std::thread other([&] { loop.run(); });
  ASSERT_TRUE(add(spec("a")));
  other.join();
  const auto got = waiting.get();
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1u);
  EXPECT_EQ((*got)[0].held.id, "a");
}

TEST_P(queue_contract, waiting_claims_are_served_in_turn) {
  auto& loop = new_loop();
  std::vector<std::future<result<std::vector<claimed_job>>>> waits;
  for (int i = 0; i < 3; ++i) {
    claim_request r;
    r.queue = "songs";
    r.worker = "w" + std::to_string(i);
    r.wait_ms = 3'600'000;
    waits.push_back(boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future));
  }
  loop.poll();
  std::thread other([&] { loop.run(); });
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(add({spec("b"), spec("c")}));
  other.join();
  EXPECT_EQ((*waits[0].get())[0].held.id, "a");
  EXPECT_EQ((*waits[1].get())[0].held.id, "b");
  EXPECT_EQ((*waits[2].get())[0].held.id, "c");
}

TEST_P(queue_contract, a_waiting_claim_ends_empty_when_its_time_is_over) {
  claim_request r;
  r.queue = "songs";
  r.worker = "w";
  r.wait_ms = 5'000;
  auto& loop = new_loop();
  auto waiting = boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future);
  loop.poll();
  clock().advance(5'000);
  recover();
  loop.run();
  const auto got = waiting.get();
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->empty());
}

TEST_P(queue_contract, a_waiting_claim_gets_a_delayed_job_when_it_is_due) {
  auto s = spec("later");
  s.options.delay_ms = 1'000'000;
  ASSERT_TRUE(add(s));
  claim_request r;
  r.queue = "songs";
  r.worker = "w";
  r.wait_ms = 3'600'000;
  auto& loop = new_loop();
  auto waiting = boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future);
  loop.poll();
  clock().advance(1'000'000);
  recover();
  loop.run();
  const auto got = waiting.get();
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1u);
}

TEST_P(queue_contract, waits_of_one_worker_can_be_ended) {
  auto& loop = new_loop();
  std::vector<std::future<result<std::vector<claimed_job>>>> waits;
  for (const char* worker : {"leaving", "staying"}) {
    claim_request r;
    r.queue = "songs";
    r.worker = worker;
    r.wait_ms = 3'600'000;
    waits.push_back(boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future));
  }
  loop.poll();
  q().end_waits("leaving");
  std::thread other([&] { loop.run(); });
  EXPECT_TRUE(waits[0].get()->empty());
  ASSERT_TRUE(add(spec("a")));
  EXPECT_EQ(waits[1].get()->size(), 1u);
  other.join();
}

TEST_P(queue_contract, stop_ends_waiting_claims_and_refuses_later_calls) {
  claim_request r;
  r.queue = "songs";
  r.worker = "w";
  r.wait_ms = 3'600'000;
  auto& loop = new_loop();
  auto waiting = boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future);
  loop.poll();
  q().stop();
  q().stop();
  loop.run();
  EXPECT_TRUE(waiting.get()->empty());
  EXPECT_EQ(add(spec("a")).error().code, errc::unavailable);
}

TEST_P(queue_contract, a_claim_that_cannot_be_recorded_gives_its_jobs_back) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  faults().fail_commit(1, error(errc::storage_full, "full"));
  claim_request r;
  r.queue = "songs";
  r.max = 1;
  const auto refused = run(q().claim(r));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::storage_full);
  EXPECT_EQ(counts().waiting, 2);
  EXPECT_EQ(counts().active, 0);
  const auto got = claim(2);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].held.id, "a");
  EXPECT_EQ(got[0].held.fence, 1);
}

TEST_P(queue_contract, concurrent_claims_never_hand_out_a_job_twice) {
  constexpr std::size_t jobs = 2'000, threads = 4;
  std::vector<job_spec> specs(jobs, spec());
  ASSERT_TRUE(add(std::move(specs)));
  std::vector<std::vector<std::string>> got(threads);
  std::vector<std::thread> crowd;
  for (std::size_t t = 0; t < threads; ++t) {
    crowd.emplace_back([this, t, &got] {
      for (std::size_t turn = 0; turn < jobs; ++turn) {
        const auto ids = claim_ids(7);
        if (ids.empty()) return;
        got[t].insert(got[t].end(), ids.begin(), ids.end());
      }
    });
  }
  for (auto& t : crowd) t.join();
  std::set<std::string> all;
  std::size_t total = 0;
  for (const auto& ids : got) {
    total += ids.size();
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(total, jobs);
  EXPECT_EQ(all.size(), jobs);
}

}  // namespace

}  // namespace son1k::queue::test
