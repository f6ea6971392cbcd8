// What leaves for Redis together: adds of many callers, and what runs say of themselves. Nobody
// must notice but Redis.
#include <gmock/gmock.h>

#include <boost/asio/detached.hpp>

#include "contract/queue_redis/redis_backend.hpp"

namespace son1k::queue::test {
namespace {

class redis_gathered : public queue_contract {
 protected:
  net::redis_client& client() { return static_cast<redis_backend&>(*backend_).client(); }
  // Scripts that Redis has run since the last forget_calls().
  void forget_calls() { ASSERT_TRUE(client().call_and_wait({"CONFIG", "RESETSTAT"})); }
  std::int64_t calls() {
    const auto info = client().call_and_wait({"INFO", "commandstats"});
    const std::string text(info ? info->bytes() : std::string_view());
    const std::string name = "cmdstat_evalsha:calls=";
    const auto at = text.find(name);
    return at == text.npos ? 0 : std::stoll(text.substr(at + name.size()));
  }
};

TEST_P(redis_gathered, many_callers_at_once_are_each_told_of_their_own_job) {
  constexpr int callers = 300;
  ASSERT_TRUE(add(spec("known")));
  forget_calls();
  boost::asio::io_context loop(1);
  std::vector<std::optional<result<std::vector<added_job>>>> replies(callers);
  for (int n = 0; n < callers; ++n) {
    auto one = [this, n, &replies]() -> boost::asio::awaitable<void> {
      std::vector<job_spec> specs(1, spec(n % 10 == 0 ? "known" : "job-" + std::to_string(n)));
      auto reply = co_await q().add(std::move(specs));
      replies[static_cast<std::size_t>(n)] = std::move(reply);
    };
    boost::asio::co_spawn(loop, std::move(one), boost::asio::detached);
  }
  loop.run();
  for (int n = 0; n < callers; ++n) {
    const auto& reply = replies[static_cast<std::size_t>(n)];
    ASSERT_TRUE(reply && *reply) << n;
    const auto& told = (*reply)->at(0);
    EXPECT_EQ(told.duplicate, n % 10 == 0) << n;
    EXPECT_EQ(told.id, n % 10 == 0 ? "known" : "job-" + std::to_string(n));
  }
  EXPECT_LT(calls(), callers / 2);
  EXPECT_EQ(counts().waiting, 1 + callers * 9 / 10);
  const auto first = claim_ids(3);
  EXPECT_THAT(first, testing::ElementsAre("known", "job-1", "job-2"))
      << "in the order of the calls";
}

TEST_P(redis_gathered, what_runs_say_comes_before_their_ends_and_before_who_asks_next) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto jobs = claim(2);
  ASSERT_EQ(jobs.size(), 2u);
  for (int percent = 10; percent <= 50; percent += 10)
    for (const auto& job : jobs) ASSERT_TRUE(q().progress(job.held, {percent, ""}));
  EXPECT_EQ(get("a")->progress.percent, 50);
  EXPECT_EQ(get("b")->progress.percent, 50);
  ASSERT_TRUE(q().progress(jobs[0].held, {60, ""}));
  ASSERT_TRUE(q().log(jobs[0].held, "one"));
  ASSERT_TRUE(q().progress(jobs[0].held, {70, ""}));
  ASSERT_TRUE(finish(jobs[0].held, outcome::complete("1")));
  EXPECT_EQ(get("a")->progress.percent, 70);
  EXPECT_THAT(get("a")->logs, testing::ElementsAre("one"));
  std::vector<std::int32_t> told;
  bool ended = false;
  for (const auto& e : q().events(0, 1'000).events) {
    if (e.job_id != "a") continue;
    EXPECT_FALSE(ended) << "its end comes last";
    if (e.type == event_type::progress) told.push_back(e.progress.percent);
    ended = ended || e.type == event_type::completed;
  }
  EXPECT_THAT(told, testing::ElementsAre(10, 20, 30, 40, 50, 60, 70));
  EXPECT_TRUE(ended);
}

TEST_P(redis_gathered, a_foreign_key_where_running_jobs_stand_takes_no_jobs_with_it) {
  ASSERT_TRUE(add({spec("a"), spec("b")}));
  const auto foreign = static_cast<redis_backend&>(*backend_).prefix() + ":songs:active";
  ASSERT_TRUE(client().call_and_wait({"SET", foreign, "somebody else's"}));
  claim_request all;
  all.queue = "songs";
  all.worker = "w";
  all.max = 2;
  EXPECT_FALSE(run(q().claim(all)));
  ASSERT_TRUE(client().call_and_wait({"DEL", foreign}));
  EXPECT_THAT(claim_ids(2), testing::ElementsAre("a", "b"));
}

TEST_P(redis_gathered, a_position_is_known_without_asking_and_follows_what_this_process_does) {
  const auto staged = [this](std::string id) {
    store::transaction tx;
    auto one = spec(std::move(id));
    one.id_is_new = true;
    const auto reply = q().stage(tx, std::move(one));
    EXPECT_TRUE(reply);
    EXPECT_TRUE(store::commit_and_wait(db(), std::move(tx)));
    return reply ? reply->position : -1;
  };
  for (int n = 0; n < 5; ++n) EXPECT_EQ(staged("job-" + std::to_string(n)), n);
  EXPECT_EQ(claim_ids(2).size(), 2u);
  EXPECT_EQ(staged("after-claims"), 3);
  ASSERT_TRUE(add(spec("job-1")));  // known: it adds nothing
  EXPECT_EQ(staged("after-a-duplicate"), 4);
}

INSTANTIATE_TEST_SUITE_P(, redis_gathered, testing::ValuesIn(backends()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace son1k::queue::test
