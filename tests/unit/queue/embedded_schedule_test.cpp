// Whose turn it is, as the schedule of the embedded queue says it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/embedded/core.hpp"
#include "queue/embedded/schedule.hpp"

namespace son1k::queue::embedded {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// One queue of a schedule, with a clock that both times share.
class stand {
 public:
  stand() { number_ = *jobs.open_room("songs"); }
  room& r() { return jobs.in(number_); }

  entry_index add(const std::string& id, const std::string& group = {}, std::int32_t priority = 0,
                  std::int32_t stalls = 0) {
    job_entry e;
    e.id = id_text(id);
    e.room = number_;
    e.group = r().lanes.open(group);
    e.priority = priority;
    e.stalls = stalls;
    e.state = ready_state(priority);
    e.added_at_ms = e.at_ms = now;
    return jobs.insert(std::move(e));
  }
  std::string id(entry_index i) { return std::string(jobs[i].id.view()); }
  entry_index at(const std::string& id) { return jobs.find(number_, id); }

  // Starts what may start, at most `most`; their ids.
  std::vector<std::string> take(std::size_t most = 1'000) {
    std::vector<std::string> ids;
    r().claimed_at = now;
    while (ids.size() < most) {
      const auto i = jobs.next_start(r(), now);
      if (i == no_entry) break;
      jobs.start(i, now);
      ids.push_back(id(i));
    }
    return ids;
  }
  void end(const std::string& id) { jobs.forget(at(id)); }
  void die(const std::string& id) { jobs.stalled(at(id), jobs[at(id)].stalls + 1); }
  void limit(queue_limits limits) { jobs.set_limits(r(), limits, now); }

  schedule jobs{100};
  std::int64_t now = 1'000'000;

 private:
  std::uint16_t number_ = 0;
};

queue_limits each_group(std::int64_t concurrency, std::optional<rate_limit> rate = {}) {
  queue_limits limits;
  limits.each_group = {concurrency, rate};
  return limits;
}

TEST(embedded_schedule, priority_first_then_turns_between_groups_then_arrival) {
  stand s;
  for (const auto* id : {"a1", "a2", "a3"}) s.add(id, "a");
  s.add("low", "c", 9);
  for (const auto* id : {"b1", "b2"}) s.add(id, "b");
  s.add("n1");
  EXPECT_THAT(s.take(), ElementsAre("a1", "b1", "n1", "a2", "b2", "a3", "low"));
}

TEST(embedded_schedule, a_group_that_begins_to_wait_goes_behind_those_that_wait) {
  stand s;
  for (const auto* id : {"a1", "a2"}) s.add(id, "a");
  s.add("b1", "b");
  EXPECT_THAT(s.take(1), ElementsAre("a1"));
  s.add("c1", "c");
  EXPECT_THAT(s.take(), ElementsAre("b1", "a2", "c1"));
}

TEST(embedded_schedule, a_job_goes_before_any_that_became_ready_ageing_later) {
  stand s;
  s.limit({.ageing_ms = 100});
  s.add("old", "a", 20);
  s.now += 99;
  s.add("soon", "b", 1);
  s.now += 1;
  s.add("late", "b", 1);
  EXPECT_THAT(s.take(), ElementsAre("soon", "old", "late"));
  s.limit({.ageing_ms = 0});
  s.add("older", "a", 20);
  s.now += 1'000'000;
  s.add("newer", "b", 1);
  EXPECT_THAT(s.take(), ElementsAre("newer", "older"));
}

TEST(embedded_schedule,
     a_group_that_is_held_back_lets_the_others_pass_and_does_not_age_past_limits) {
  stand s;
  auto limits = each_group(1);
  limits.ageing_ms = 10;
  s.limit(limits);
  for (const auto* id : {"a1", "a2", "a3"}) s.add(id, "a");
  s.now += 50;
  for (const auto* id : {"b1", "b2"}) s.add(id, "b");
  EXPECT_THAT(s.take(), ElementsAre("a1", "b1"));
  EXPECT_EQ(s.jobs.oldest_ready_at_ms(s.r()), s.now - 50);
  s.end("b1");
  EXPECT_THAT(s.take(), ElementsAre("b2"));
  s.end("a1");
  EXPECT_THAT(s.take(), ElementsAre("a2"));
  s.r().lanes.set_own("a", group_limits{2, {}}, s.now);
  EXPECT_THAT(s.take(), ElementsAre("a3"));
}

TEST(embedded_schedule, rates_of_groups_and_of_the_queue_open_in_time) {
  stand s;
  auto limits = each_group(0, rate_limit{1, 100});
  limits.rate = rate_limit{3, 1'000};
  s.limit(limits);
  for (const auto* id : {"a1", "a2", "a3", "a4"}) s.add(id, "a");
  s.add("b1", "b");
  EXPECT_THAT(s.take(), ElementsAre("a1", "b1"));
  EXPECT_EQ(s.jobs.next_opening(s.r(), s.now), s.now + 100);
  s.now += 99;
  EXPECT_THAT(s.take(), IsEmpty());
  s.now += 1;
  EXPECT_THAT(s.take(), ElementsAre("a2"));
  s.now += 100;
  EXPECT_THAT(s.take(), IsEmpty()) << "three have started within a second";
  EXPECT_EQ(s.jobs.next_opening(s.r(), s.now), s.now + 800);
  s.now += 800;
  EXPECT_THAT(s.take(), ElementsAre("a3"));
}

TEST(embedded_schedule, a_start_that_came_to_nothing_gives_all_its_slots_back) {
  stand s;
  auto limits = each_group(1, rate_limit{1, 1'000});
  limits.concurrency = 1;
  limits.rate = rate_limit{1, 1'000};
  s.limit(limits);
  s.add("a", "g");
  s.add("b", "g");
  EXPECT_THAT(s.take(), ElementsAre("a"));
  s.jobs.undo_start(s.at("a"));
  EXPECT_THAT(s.take(), ElementsAre("a"));
  s.end("a");
  EXPECT_THAT(s.take(), IsEmpty()) << "the rate still counts a start that was";
  s.now += 1'000;
  EXPECT_THAT(s.take(), ElementsAre("b"));
}

TEST(embedded_schedule, what_is_put_back_has_its_own_place_and_age) {
  stand s;
  for (const auto* id : {"a", "b", "c", "d"}) s.add(id);
  const auto since = s.now;
  EXPECT_THAT(s.take(3), ElementsAre("a", "b", "c"));
  s.now += 500;
  s.jobs.put_back(s.at("c"));
  s.jobs.put_back(s.at("a"));
  EXPECT_EQ(s.jobs[s.at("a")].at_ms, since);
  EXPECT_THAT(s.take(), ElementsAre("a", "c", "d"));
}

TEST(embedded_schedule, to_front_and_to_back_are_among_equals) {
  stand s;
  for (const auto* id : {"a1", "a2", "a3"}) s.add(id, "a");
  for (const auto* id : {"b1", "b2"}) s.add(id, "b");
  s.add("top", "b", 0);
  s.jobs.to_front(s.at("b2"));
  s.jobs.to_back(s.at("a1"));
  EXPECT_THAT(s.take(), ElementsAre("b2", "a2", "b1", "a3", "top", "a1"));
}

TEST(embedded_schedule, a_new_priority_is_behind_its_new_equals) {
  stand s;
  for (const auto* id : {"a", "b"}) s.add(id, {}, 5);
  s.add("c", {}, 7);
  s.jobs.set_priority(s.at("c"), 5);
  s.jobs.set_priority(s.at("a"), 0);
  EXPECT_EQ(s.r().waiting(), 1u);
  EXPECT_EQ(s.r().prioritized(), 2u);
  EXPECT_THAT(s.take(), ElementsAre("a", "b", "c"));
}

TEST(embedded_schedule, a_suspect_runs_alone_and_holds_up_all_others_meanwhile) {
  stand s;
  s.add("ordinary");
  EXPECT_THAT(s.take(), ElementsAre("ordinary"));
  s.add("suspect", {}, 0, 2);
  EXPECT_THAT(s.take(), IsEmpty()) << "something runs";
  s.end("ordinary");
  EXPECT_TRUE(s.jobs.take_cleared());
  s.add("next");
  EXPECT_THAT(s.take(), ElementsAre("suspect"));
  s.end("suspect");
  EXPECT_TRUE(s.jobs.take_cleared()) << "claims of other queues may go on";
  EXPECT_THAT(s.take(), ElementsAre("next"));
}

TEST(embedded_schedule, suspects_and_a_stream_of_ordinary_work_take_turns) {
  stand s;
  s.add("o");
  EXPECT_THAT(s.take(), ElementsAre("o"));
  s.add("s1", {}, 0, 2);
  s.add("s2", {}, 0, 2);
  // A stream: before one job ends the next has started.
  const auto began = s.now;
  int n = 0;
  std::string running = "o";
  for (; s.now < began + 60'000; s.now += 100) {
    s.add("o" + std::to_string(++n));
    const auto got = s.take(1);
    s.end(running);
    if (got.empty()) break;
    running = got[0];
  }
  EXPECT_EQ(s.now, began + lone_turns::turn_ms);
  EXPECT_THAT(s.take(), ElementsAre("s1"));
  s.now += lone_turns::turn_ms;
  s.end("s1");
  EXPECT_THAT(s.take(1), ElementsAre("o" + std::to_string(n))) << "its turn again";
}

TEST(embedded_schedule, a_suspect_whose_process_died_goes_behind_the_others_until_it_is_poison) {
  stand s;
  s.add("x", {}, 0, 2);
  s.add("y", {}, 0, 2);
  EXPECT_THAT(s.take(), ElementsAre("x"));
  s.die("x");
  EXPECT_THAT(s.take(), ElementsAre("y"));
  s.end("y");
  EXPECT_THAT(s.take(), ElementsAre("x"));
  s.die("x");
  EXPECT_THAT(s.take(), ElementsAre("x"));
  s.die("x");
  EXPECT_TRUE(s.jobs[s.at("x")].condemned) << "the fifth";
  s.add("z");
  EXPECT_THAT(s.take(), ElementsAre("x", "z")) << "it does not run, so it need not be alone";
}

TEST(embedded_schedule, suspects_of_a_queue_nobody_claims_from_hold_up_nothing) {
  stand s;
  const auto other = *s.jobs.open_room("other");
  s.add("o");
  EXPECT_THAT(s.take(), ElementsAre("o"));
  job_entry e;
  e.id = id_text("suspect");
  e.room = other;
  e.stalls = 2;
  s.jobs.insert(std::move(e));
  for (int n = 0; n < 20; ++n) {
    s.now += 1'000;
    s.add("o" + std::to_string(n));
    ASSERT_EQ(s.take().size(), 1u) << n;
  }
}

TEST(embedded_schedule, jobs_without_a_run_go_first_and_count_for_no_limit) {
  stand s;
  queue_limits limits;
  limits.concurrency = 1;
  s.limit(limits);
  s.add("a");
  s.add("b");
  s.add("c", {}, 9);
  s.jobs.condemn(s.at("c"));
  EXPECT_EQ(s.r().prioritized(), 1u);
  EXPECT_THAT(s.take(), ElementsAre("c", "a"));
}

TEST(embedded_schedule, a_job_that_is_condemned_while_a_commit_has_it_waits_for_its_return) {
  stand s;
  s.add("a");
  s.jobs.take_out(s.at("a"));
  s.jobs.condemn(s.at("a"));
  EXPECT_THAT(s.take(), IsEmpty());
  s.jobs.put_in(s.at("a"), 0);
  EXPECT_THAT(s.take(), ElementsAre("a"));
}

TEST(embedded_schedule, groups_without_jobs_are_forgotten_once_their_rates_allow) {
  stand s;
  s.limit(each_group(0, rate_limit{1, 100}));
  for (int n = 0; n < 3; ++n) {
    s.add("j", "g" + std::to_string(n));
    EXPECT_EQ(s.take().size(), 1u);
    s.end("j");
  }
  EXPECT_FALSE(s.r().lanes.fits("new", 4)) << "none and three groups";
  s.r().lanes.forget_idle(s.now);
  EXPECT_FALSE(s.r().lanes.fits("new", 4));
  s.now += 100;
  s.r().lanes.forget_idle(s.now);
  EXPECT_TRUE(s.r().lanes.fits("new", 2));
}

TEST(embedded_schedule, a_listing_is_by_priority_then_group_then_place_and_misses_none) {
  stand s;
  s.add("p", "a", 3);
  for (const auto* id : {"a1", "a2"}) s.add(id, "a");
  s.add("b1", "b");
  s.add("n");
  s.add("s", {}, 0, 2);
  s.jobs.start(s.at("a1"), s.now);
  s.jobs.put_back(s.at("a1"));
  std::vector<std::string> ids;
  for (auto i = s.jobs.first_ready(s.r(), job_state::waiting); i != no_entry;
       i = s.jobs.ready_after(s.r(), i))
    ids.push_back(s.id(i));
  EXPECT_THAT(ids, ElementsAre("n", "a1", "a2", "b1", "s"));
  EXPECT_EQ(s.jobs.first_ready(s.r(), job_state::prioritized), s.at("p"));
}

}  // namespace
}  // namespace son1k::queue::embedded
