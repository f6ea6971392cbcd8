// What a run says of itself: progress, log, checkpoint.
#include <gmock/gmock.h>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;

class queue_contract_progress : public queue_contract {};

TEST_P(queue_contract_progress, progress_never_goes_back) {
  ASSERT_TRUE(add(spec("a")));
  const auto held = claim().at(0).held;
  ASSERT_TRUE(q().progress(held, {40, "forty"}));
  ASSERT_TRUE(q().progress(held, {20, "less"}));
  EXPECT_EQ(get("a")->progress.percent, 40);
  ASSERT_TRUE(q().progress(held, {400, "more"}));
  EXPECT_EQ(get("a")->progress.percent, 100);
}

TEST_P(queue_contract_progress, a_glance_shows_state_and_progress_until_the_end) {
  const auto look = [&] { return run(q().glance("songs", "a")); };
  EXPECT_EQ(look().error().code, errc::not_found);
  ASSERT_TRUE(add(spec("a")));
  EXPECT_EQ(look()->state, job_state::waiting);
  const auto held = claim().at(0).held;
  ASSERT_TRUE(q().progress(held, {40, "forty"}));
  EXPECT_EQ(look()->state, job_state::active);
  EXPECT_EQ(look()->progress.percent, 40);
  EXPECT_EQ(look()->progress.message, "forty");
  ASSERT_TRUE(finish(held, outcome::complete("1")));
  EXPECT_EQ(look().error().code, errc::not_found);
}

TEST_P(queue_contract_progress, logs_are_kept_over_runs_and_bounded) {
  ASSERT_TRUE(add(spec("a")));
  const auto first = claim().at(0).held;
  ASSERT_TRUE(q().log(first, "from the first run"));
  ASSERT_TRUE(finish(first, outcome::delay_until(0)));
  EXPECT_THAT(get("a")->logs, ElementsAre("from the first run"));
  const auto second = claim().at(0).held;
  for (int i = 0; i < 1'100; ++i) ASSERT_TRUE(q().log(second, "line " + std::to_string(i)));
  ASSERT_TRUE(q().log(second, std::string(10'000, 'x')));
  ASSERT_TRUE(finish(second, outcome::complete("1")));
  const auto view = get("a");
  ASSERT_EQ(view->logs.size(), 1'000u);
  EXPECT_EQ(view->logs.back().size(), 4'096u);
  EXPECT_EQ(view->logs[998], "line 1099");
}

TEST_P(queue_contract_progress, a_later_run_gets_the_checkpoint) {
  ASSERT_TRUE(add(spec("a")));
  const auto first = claim().at(0);
  EXPECT_EQ(first.checkpoint, "");
  ASSERT_TRUE(run(q().checkpoint(first.held, R"({"step":3})")));
  ASSERT_TRUE(finish(first.held, outcome::release()));
  EXPECT_EQ(claim().at(0).checkpoint, R"({"step":3})");
  reopen();
  EXPECT_EQ(claim().at(0).checkpoint, R"({"step":3})");
}

}  // namespace

SON1K_QUEUE_CONTRACT(queue_contract_progress);

}  // namespace son1k::queue::test
