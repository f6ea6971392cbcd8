// One leader among many: who leads, when another takes over, and what the old one can still do.
#include "queue/schedules/leader.hpp"

#include <gtest/gtest.h>

#include "schedule_place.hpp"

namespace son1k::queue::test {
namespace {

constexpr std::int64_t lease = 6 * second;
constexpr std::int64_t third = lease / 3;

class leadership : public testing::Test {
 protected:
  leader candidate(const char* holder) {
    return leader(place.db(), place.clock, "office", holder, lease);
  }
  bool beat(leader& who) { return place.run(who.beat()).value(); }
  // Whether a write of the leader takes effect.
  errc write(leader& who) {
    store::transaction tx;
    who.stage_fence(tx);
    const auto done = store::commit_and_wait(place.db(), std::move(tx));
    return done ? errc::cancelled : done.error().code;
  }
  static constexpr errc taken = errc::cancelled;

  schedule_place place;
};

TEST_F(leadership, the_first_to_ask_leads_and_the_others_do_not) {
  auto a = candidate("a");
  auto b = candidate("b");
  EXPECT_TRUE(beat(a));
  for (int i = 0; i < 20; ++i) {
    place.clock.advance(third);
    EXPECT_TRUE(beat(a));
    EXPECT_FALSE(beat(b));
  }
  EXPECT_EQ(write(a), taken);
  EXPECT_EQ(write(b), errc::lease_lost);
}

TEST_F(leadership, a_dead_leader_is_followed_within_ten_seconds) {
  auto a = candidate("a");
  auto b = candidate("b");
  EXPECT_TRUE(beat(a));
  // The follower has just looked when the leader beats for the last time: the longest case.
  EXPECT_FALSE(beat(b));
  place.clock.advance(third - 1);
  EXPECT_TRUE(beat(a));
  std::int64_t waited = -(third - 1);
  bool leads = false;
  while (!leads && waited < minute) {
    place.clock.advance(waited < 0 ? 1 : third);
    waited = waited < 0 ? 1 : waited + third;
    leads = beat(b);
  }
  EXPECT_TRUE(leads);
  EXPECT_GE(waited, lease);
  EXPECT_LE(waited, 10 * second);
}

TEST_F(leadership, a_leader_that_was_away_is_refused_and_learns_it) {
  auto a = candidate("a");
  auto b = candidate("b");
  beat(a);
  beat(b);
  place.clock.advance(lease);
  EXPECT_TRUE(beat(b));
  EXPECT_TRUE(a.leads());  // it does not know yet
  EXPECT_EQ(write(a), errc::lease_lost);
  EXPECT_EQ(write(b), taken);
  EXPECT_FALSE(beat(a));
  EXPECT_FALSE(a.leads());
  place.clock.advance(third);
  EXPECT_TRUE(beat(b));
  EXPECT_FALSE(beat(a));
}

TEST_F(leadership, a_leader_that_goes_leaves_the_seat_empty) {
  auto a = candidate("a");
  auto b = candidate("b");
  beat(a);
  beat(b);
  place.run(a.give_up());
  EXPECT_FALSE(a.leads());
  EXPECT_TRUE(beat(b));
  EXPECT_EQ(write(a), errc::lease_lost);
}

TEST_F(leadership, writes_of_a_leader_keep_its_lease) {
  auto a = candidate("a");
  auto b = candidate("b");
  beat(a);
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(beat(b));
    place.clock.advance(lease - 1);
    EXPECT_EQ(write(a), taken);
  }
}

TEST_F(leadership, wall_clocks_play_no_part) {
  auto a = candidate("a");
  auto b = candidate("b");
  beat(a);
  beat(b);
  place.clock.set_wall(midnight + 24 * hour);
  EXPECT_FALSE(beat(b));
  place.clock.set_wall(midnight - 24 * hour);
  EXPECT_TRUE(beat(a));
  EXPECT_FALSE(beat(b));
}

TEST_F(leadership, only_one_of_two_takes_a_seat_that_has_fallen_free) {
  auto a = candidate("a");
  auto b = candidate("b");
  auto c = candidate("c");
  beat(a);
  beat(b);
  beat(c);
  place.clock.advance(lease);
  const int leading = static_cast<int>(beat(b)) + static_cast<int>(beat(c));
  EXPECT_EQ(leading, 1);
}

TEST_F(leadership, a_database_that_is_away_changes_nothing) {
  auto a = candidate("a");
  beat(a);
  place.db().fail_commit(1, error(errc::unavailable, "away"));
  EXPECT_FALSE(place.run(a.beat()).has_value());
  EXPECT_TRUE(a.leads());
  EXPECT_TRUE(beat(a));
}

// The whole scheduler: the one that leads dies with a run due, the other runs it, once.
TEST(two_schedulers, a_run_is_neither_lost_nor_doubled_by_a_takeover) {
  schedule_place place;
  auto spec = place.every("s", 5 * second);
  spec.overlap = overlap_rule::queue;
  place.create(spec);
  auto a = place.new_scheduler();
  auto b = place.new_scheduler();
  place.run(a->pass());
  place.run(b->pass());
  for (int i = 0; i < 5; ++i) {
    place.clock.advance(2 * second);
    place.run(a->pass());
    place.run(b->pass());
  }
  EXPECT_EQ(place.waiting(), 2);
  EXPECT_TRUE(a->stats().leads);
  // It dies here, silently; ten seconds later all that was due has run.
  for (int i = 0; i < 5; ++i) {
    place.clock.advance(2 * second);
    place.run(b->pass());
  }
  EXPECT_TRUE(b->stats().leads);
  EXPECT_EQ(place.waiting(), 4);
  EXPECT_EQ(b->stats().runs, 2u);
  // The dead one wakes up with what it knew: its writes are refused.
  place.clock.advance(5 * second);
  place.run(a->pass());
  EXPECT_FALSE(a->stats().leads);
  EXPECT_EQ(place.waiting(), 4);
  place.run(b->pass());
  EXPECT_EQ(place.waiting(), 5);
}

}  // namespace
}  // namespace son1k::queue::test
