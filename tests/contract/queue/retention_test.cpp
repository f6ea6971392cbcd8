// How many ended jobs stay, and how long.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

class queue_contract_retention : public queue_contract {};

TEST_P(queue_contract_retention, only_the_newest_ended_jobs_are_kept) {
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

TEST_P(queue_contract_retention, a_job_that_is_not_to_be_kept_leaves_nothing) {
  auto s = spec("a");
  s.options.keep_completed.age_ms = 0;
  ASSERT_TRUE(add(s));
  ASSERT_TRUE(finish(claim().at(0).held, outcome::complete("1")));
  EXPECT_EQ(counts().completed, 0);
  EXPECT_EQ(get("a").error().code, errc::not_found);
  EXPECT_FALSE((*add(spec("a")))[0].duplicate);
}

TEST_P(queue_contract_retention, old_ended_jobs_go_when_the_next_one_ends) {
  ASSERT_TRUE(add({spec("old"), spec("new")}));
  const auto jobs = claim(2);
  ASSERT_TRUE(finish(jobs[0].held, outcome::complete("1")));
  clock().advance(3'600'001);
  ASSERT_TRUE(finish(jobs[1].held, outcome::complete("1")));
  EXPECT_EQ(get("old").error().code, errc::not_found);
  EXPECT_TRUE(get("new"));
}

// Whether one of the kept is retried, removed or cleaned away: what the count has given up does not
// take its place after a restart.
TEST_P(queue_contract_retention, what_is_kept_no_longer_never_comes_back) {
  clean_request all;
  all.queue = "songs";
  all.states = {job_state::completed};
  const std::pair<std::function<void()>, int> ways[] = {
      {[&] { EXPECT_TRUE(edit("d", job_edit::what::retry)); }, 1},
      {[&] { EXPECT_TRUE(edit("d", job_edit::what::remove)); }, 1},
      {[&] { EXPECT_EQ(*run(q().clean(all)), 2u); }, 0}};
  for (const auto& [take_away, kept] : ways) {
    std::vector<job_spec> specs;
    for (const char* id : {"a", "b", "c", "d", "e"}) {
      specs.push_back(spec(id));
      specs.back().options.keep_completed.count = 2;
    }
    ASSERT_TRUE(add(std::move(specs)));
    std::vector<finish_request> ends;
    for (const auto& job : claim(5)) ends.push_back(ending(job.held, outcome::complete("1")));
    run(q().finish(std::move(ends)));
    ASSERT_EQ(counts().completed, 2);
    take_away();
    reopen();
    EXPECT_EQ(counts().completed, kept);
    for (const char* id : {"a", "b", "c"}) EXPECT_EQ(get(id).error().code, errc::not_found);
    ASSERT_TRUE(run(q().pause("songs", true)));
    ASSERT_TRUE(run(q().obliterate("songs", true, nullptr)));
  }
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_retention);

}  // namespace son1k::queue::test
