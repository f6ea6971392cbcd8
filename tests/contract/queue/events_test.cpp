// The stream of events: ids, replay, gaps, listeners.
#include <gmock/gmock.h>

#include <condition_variable>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;

class queue_contract_events : public queue_contract {};

TEST_P(queue_contract_events, events_tell_the_life_of_a_job_in_order) {
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

TEST_P(queue_contract_events, events_are_replayed_from_an_id_and_bounded_by_a_limit) {
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

TEST_P(queue_contract_events, lost_events_are_said) {
  ASSERT_TRUE(add(spec("a")));
  const auto first = q().events(0, 1).events.at(0).id;
  const auto held = claim().at(0).held;
  for (int i = 0; i < 10'100; ++i) ASSERT_TRUE(q().progress(held, {i / 200, "on"}));
  const auto page = q().events(first, 20'000);
  EXPECT_TRUE(page.gap);
  EXPECT_EQ(page.events.size(), 10'000u);
  EXPECT_FALSE(q().events(page.events[0].id, 10).gap);
}

TEST_P(queue_contract_events, event_ids_grow_over_restarts_and_the_gap_is_said) {
  ASSERT_TRUE(add(spec("a")));
  const auto last = q().events(0, 100).events.back().id;
  clock().advance(1);
  reopen();
  ASSERT_TRUE(add(spec("b")));
  const auto page = q().events(last, 100);
  EXPECT_NE(page.gap, backend_->keeps_events());
  ASSERT_FALSE(page.events.empty());
  EXPECT_GT(page.events[0].id, last);
}

TEST_P(queue_contract_events, event_ids_grow_over_a_restart_with_the_clock_set_back) {
  ASSERT_TRUE(add(spec("a")));
  const auto last = q().events(0, 100).events.back().id;
  for (int i = 1; i <= 2; ++i) {
    clock().set_wall(clock().now_ms() - 3'600'000);
    reopen();
    ASSERT_TRUE(add(spec("b" + std::to_string(i))));
    const auto page = q().events(last, 100);
    EXPECT_NE(page.gap, backend_->keeps_events());
    ASSERT_FALSE(page.events.empty());
    EXPECT_GT(page.events[0].id, last);
  }
}

TEST_P(queue_contract_events, listeners_hear_every_event_in_order_until_they_let_go) {
  std::mutex mutex;
  std::condition_variable more;
  std::vector<std::uint64_t> heard;
  auto subscription = q().subscribe([&](const job_event& e) {
    std::lock_guard lock(mutex);
    heard.push_back(e.id);
    more.notify_all();
  });
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::complete("1")));
  std::vector<std::uint64_t> kept;
  for (const auto& e : q().events(0, 100).events) kept.push_back(e.id);
  {
    std::unique_lock lock(mutex);
    more.wait_for(lock, std::chrono::seconds(60), [&] { return heard.size() >= kept.size(); });
    EXPECT_EQ(heard, kept);
  }
  subscription.reset();
  ASSERT_TRUE(add(spec("c")));
  std::lock_guard lock(mutex);
  EXPECT_EQ(heard, kept);
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_events);

}  // namespace son1k::queue::test
