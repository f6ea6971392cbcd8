// Claims: the order, delays, claims that wait.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_contract_claim : public queue_contract {};

TEST_P(queue_contract_claim, jobs_without_priority_come_first_then_the_lower_number) {
  ASSERT_TRUE(add({spec("p9", 9), spec("p2", 2), spec("a"), spec("p2b", 2), spec("b")}));
  EXPECT_EQ(counts().waiting, 2);
  EXPECT_EQ(counts().prioritized, 3);
  EXPECT_THAT(claim_ids(10), ElementsAre("a", "b", "p2", "p2b", "p9"));
}

TEST_P(queue_contract_claim, a_claim_takes_at_most_what_it_asks_for) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  EXPECT_THAT(claim_ids(2), ElementsAre("a", "b"));
  EXPECT_THAT(claim_ids(2), ElementsAre("c"));
  EXPECT_THAT(claim_ids(2), IsEmpty());
}

TEST_P(queue_contract_claim, delayed_jobs_become_ready_in_the_order_they_are_due) {
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

TEST_P(queue_contract_claim, a_clock_set_forward_makes_nothing_due) {
  auto s = spec("later");
  s.options.delay_ms = 60'000;
  ASSERT_TRUE(add(s));
  clock().set_wall(clock().now_ms() + 3'600'000);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  clock().advance(60'000);
  EXPECT_THAT(claim_ids(1), ElementsAre("later"));
}

TEST_P(queue_contract_claim, a_waiting_claim_gets_the_job_when_it_is_added) {
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

TEST_P(queue_contract_claim, a_waiting_claim_ends_empty_when_its_time_is_over) {
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

TEST_P(queue_contract_claim, a_waiting_claim_gets_a_delayed_job_when_it_is_due) {
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

TEST_P(queue_contract_claim, waiting_claims_are_served_in_turn) {
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
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  other.join();
  EXPECT_EQ((*waits[0].get())[0].held.id, "a");
  EXPECT_EQ((*waits[1].get())[0].held.id, "b");
  EXPECT_EQ((*waits[2].get())[0].held.id, "c");
}

TEST_P(queue_contract_claim, waits_of_one_worker_can_be_ended) {
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

TEST_P(queue_contract_claim, stop_ends_waiting_claims_and_refuses_later_calls) {
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

TEST_P(queue_contract_claim, a_claim_that_cannot_be_recorded_gives_its_jobs_back) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  backend_->refuse_next(error(errc::storage_full, "full"));
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

TEST_P(queue_contract_claim, concurrent_claims_never_hand_out_a_job_twice) {
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

TEST_P(queue_contract_claim, resuming_wakes_a_waiting_claim) {
  ASSERT_TRUE(run(q().pause("songs", true)));
  ASSERT_TRUE(add(spec("a")));
  claim_request r;
  r.queue = "songs";
  r.wait_ms = 3'600'000;
  auto& loop = new_loop();
  auto waiting = boost::asio::co_spawn(loop, q().claim(r), boost::asio::use_future);
  loop.poll();
  ASSERT_TRUE(run(q().pause("songs", false)));
  loop.run();
  EXPECT_EQ(waiting.get()->size(), 1u);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_claim);

}  // namespace son1k::queue::test
