// What holds over time: pause, events, retention, restarts.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class queue_state : public queue_contract {};

TEST_P(queue_state, a_paused_queue_hands_nothing_out_and_remembers_it) {
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(run(q().pause("songs", true)));
  EXPECT_TRUE(counts().paused);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  ASSERT_TRUE(add(spec("b")));
  reopen();
  EXPECT_TRUE(counts().paused);
  EXPECT_THAT(claim_ids(1), IsEmpty());
  ASSERT_TRUE(run(q().pause("songs", false)));
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "b"));
}

TEST_P(queue_state, resuming_wakes_a_waiting_claim) {
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

TEST_P(queue_state, events_tell_the_life_of_a_job_in_order) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  ASSERT_TRUE(q().progress(held, {30, "third"}));
  ASSERT_TRUE(finish(held, outcome::complete(R"("done")")));
  EXPECT_THAT(told(), ElementsAre("added:a", "waiting:a", "active:a", "progress:a", "completed:a",
                                  "drained:a"));
  const auto all = q().events(0, 100).events;
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].id, all[i].id);
  EXPECT_EQ(all[3].progress.percent, 30);
  EXPECT_EQ(all[3].progress.message, "third");
  EXPECT_EQ(all[4].detail, R"("done")");
  EXPECT_EQ(all[4].queue, "songs");
  EXPECT_EQ(all[4].kind, "probe");
}

TEST_P(queue_state, events_are_replayed_from_an_id_and_bounded_by_a_limit) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto all = q().events(0, 100);
  ASSERT_EQ(all.events.size(), 4u);
  EXPECT_FALSE(all.gap);
  const auto rest = q().events(all.events[1].id, 1);
  ASSERT_EQ(rest.events.size(), 1u);
  EXPECT_EQ(rest.events[0].id, all.events[2].id);
  EXPECT_FALSE(rest.gap);
  EXPECT_TRUE(q().events(all.events[3].id, 100).events.empty());
  EXPECT_FALSE(q().events(all.events[3].id, 100).gap);
}

TEST_P(queue_state, lost_events_are_said) {
  ASSERT_TRUE(add(spec("a")));
  const auto first = q().events(0, 1).events.at(0).id;
  const auto held = claim().at(0).held;
  for (int i = 0; i < 10'100; ++i) ASSERT_TRUE(q().progress(held, {i / 200, "on"}));
  const auto page = q().events(first, 20'000);
  EXPECT_TRUE(page.gap);
  EXPECT_EQ(page.events.size(), 10'000u);
  EXPECT_FALSE(q().events(page.events[0].id, 10).gap);
}

TEST_P(queue_state, event_ids_grow_over_restarts_and_the_gap_is_said) {
  ASSERT_TRUE(add(spec("a")));
  const auto last = q().events(0, 100).events.back().id;
  clock().advance(1);
  reopen();
  ASSERT_TRUE(add(spec("b")));
  const auto page = q().events(last, 100);
  EXPECT_TRUE(page.gap);
  ASSERT_FALSE(page.events.empty());
  EXPECT_GT(page.events[0].id, last);
}

TEST_P(queue_state, listeners_hear_every_event_in_order_until_they_let_go) {
  std::mutex mutex;
  std::vector<std::uint64_t> heard;
  auto subscription = q().subscribe([&](const job_event& e) {
    std::lock_guard lock(mutex);
    heard.push_back(e.id);
  });
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::complete("1")));
  std::vector<std::uint64_t> kept;
  for (const auto& e : q().events(0, 100).events) kept.push_back(e.id);
  {
    std::lock_guard lock(mutex);
    EXPECT_EQ(heard, kept);
  }
  subscription.reset();
  ASSERT_TRUE(add(spec("c")));
  std::lock_guard lock(mutex);
  EXPECT_EQ(heard, kept);
}

TEST_P(queue_state, only_the_newest_ended_jobs_are_kept) {
  for (int i = 0; i < 5; ++i) {
    auto s = spec("job-" + std::to_string(i));
    s.options.keep_completed.count = 2;
    ASSERT_TRUE(add(s));
    ASSERT_TRUE(finish(claim().at(0).held, outcome::complete("1")));
  }
  EXPECT_EQ(counts().completed, 2);
  EXPECT_EQ(get("job-2").error().code, errc::not_found);
  EXPECT_TRUE(get("job-3"));
  reopen();
  EXPECT_EQ(counts().completed, 2);
  EXPECT_TRUE(get("job-4"));
}

TEST_P(queue_state, a_job_that_is_not_to_be_kept_leaves_nothing) {
  auto s = spec("a");
  s.options.keep_completed.age_ms = 0;
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::complete("1")));
  EXPECT_EQ(counts().completed, 0);
  EXPECT_EQ(get("a").error().code, errc::not_found);
  EXPECT_FALSE((*add(spec("a")))[0].duplicate);
}

TEST_P(queue_state, old_ended_jobs_go_when_the_next_one_ends) {
  ASSERT_TRUE(add({spec("old"), spec("new")}));
  const auto jobs = claim(2);
  ASSERT_TRUE(finish(jobs[0].held, outcome::complete("1")));
  clock().advance(3'600'001);
  ASSERT_TRUE(finish(jobs[1].held, outcome::complete("1")));
  EXPECT_EQ(get("old").error().code, errc::not_found);
  EXPECT_TRUE(get("new"));
}

TEST_P(queue_state, what_was_acknowledged_is_there_after_a_restart) {
  auto later = spec("later");
  later.options.delay_ms = 10'000;
  ASSERT_TRUE(add({spec("done"), spec("gone"), spec("a"), spec("p", 4), later}));
  const auto jobs = claim(2);
  ASSERT_TRUE(finish(jobs[0].held, outcome::complete("1")));
  ASSERT_TRUE(finish(jobs[1].held, outcome::fail(broken(false))));
  reopen();
  const auto n = counts();
  EXPECT_EQ(n.waiting, 1);
  EXPECT_EQ(n.prioritized, 1);
  EXPECT_EQ(n.delayed, 1);
  EXPECT_EQ(n.completed, 1);
  EXPECT_EQ(n.failed, 1);
  EXPECT_EQ(get("done")->result, "1");
  EXPECT_EQ(get("gone")->error->code, "upstream");
  EXPECT_THAT(claim_ids(5), ElementsAre("a", "p"));
  clock().advance(10'000);
  EXPECT_THAT(claim_ids(5), ElementsAre("later"));
}

TEST_P(queue_state, a_job_that_was_active_when_its_process_died_waits_again_at_its_place) {
  ASSERT_TRUE(add({spec("a"), spec("b"), spec("c")}));
  const auto before = claim(2);
  ASSERT_TRUE(finish(before[1].held, outcome::delay_until(0)));
  reopen();
  EXPECT_EQ(get("a")->stalls, 1);
  EXPECT_EQ(get("b")->stalls, 0);
  EXPECT_EQ(q().progress(before[0].held, {1, "late"}).error().code, errc::lease_lost);
  EXPECT_EQ(finish(before[0].held, outcome::complete("1")).error().code, errc::lease_lost);
  const auto again = claim().at(0);
  EXPECT_EQ(again.held.id, "a");
  EXPECT_EQ(again.held.fence, 2);
  EXPECT_EQ(again.attempts_made, 0);
  reopen();
  EXPECT_EQ(get("a")->stalls, 2);
  EXPECT_EQ(claim().at(0).held.fence, 3);
}

TEST_P(queue_state, attempts_survive_a_restart) {
  ASSERT_TRUE(add(spec("a")));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::fail(broken())));
  reopen();
  clock().advance(2'000);
  const auto job = claim().at(0);
  EXPECT_EQ(job.attempts_made, 1);
  EXPECT_EQ(job.held.fence, 2);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(, queue_state, testing::ValuesIn(backends()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace son1k::queue::test
