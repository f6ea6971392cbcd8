// A piece whose job went with an emptied Redis gets the job that it was asked for with.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "api/generation.hpp"
#include "integration/postgres/postgres_case.hpp"
#include "kinds/generation/generation_kind.hpp"
#include "queue/redis/reconciler.hpp"
#include "queue/redis/redis_queue.hpp"
#include "support/redis_server.hpp"

namespace son1k::test {
namespace {

template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context loop;
  auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
  loop.run();
  return future.get();
}

TEST_F(postgres_case, the_options_of_a_piece_outlive_its_job) {
  if (!redis_server::available()) GTEST_SKIP() << "redis-server is not installed (tools/setup)";
  settings_.migrations = store::postgres_sources();
  auto db = open();
  ASSERT_TRUE(db->migrate());
  redis_server redis;
  auto made = net::redis_client::make(*net::parse_redis_url(redis.url()));
  ASSERT_TRUE(made);
  auto client = std::move(*made);
  client->start();
  queue::redis_queue_settings how;
  auto jobs = queue::make_redis_queue(*client, *db, how, system_clock());

  api::generation_request wanted;
  wanted.piece.prompt = "un bolero";
  wanted.job.priority = 5;
  wanted.job.group = "tenant-7";
  wanted.job.attempts = 9;
  wanted.job.timeout_ms = 77'000;
  wanted.job.backoff.delay_ms = 123;
  const api::services with{*db, *jobs, system_clock(), {}, "test"};
  store::transaction tx;
  const auto staged =
      api::stage_generation_job(with, tx, "local", wanted, "piece", with.tiers.of("SYSTEM"));
  ASSERT_TRUE(staged) << staged.error().what();
  ASSERT_TRUE(store::commit_and_wait(*db, std::move(tx)));
  queue::reconciler keeper(*client, *db, *jobs, how, {kinds::make_generation_kind({})},
                           system_clock());
  EXPECT_TRUE(run(keeper.pass()));
  for (int looks = 0; looks < 2; ++looks) {
    const auto job = run(jobs->get("generation", "piece"));
    ASSERT_TRUE(job) << job.error().what();
    EXPECT_EQ(job->options.priority, 5);
    EXPECT_EQ(job->options.group, "tenant-7");
    EXPECT_EQ(job->options.attempts, 9);
    EXPECT_EQ(job->options.timeout_ms, 77'000);
    EXPECT_EQ(job->options.backoff.delay_ms, 123);
    EXPECT_EQ(job->user, "local");
    if (looks > 0) break;
    EXPECT_EQ(in_database("DELETE FROM queue_outbox"), "");
    redis.ask({"FLUSHALL"});
    EXPECT_FALSE(run(jobs->get("generation", "piece")));
    EXPECT_TRUE(run(keeper.pass()));
  }
  jobs.reset();
  client->stop();
}

}  // namespace
}  // namespace son1k::test
