// New jobs that come with commits: those of one commit of the database share a row of the outbox
// and a call, and nobody must notice.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "contract/queue_redis/redis_backend.hpp"
#include "support/writer_gate.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

class redis_staged : public queue_contract {
 protected:
  redis_backend& redis() { return static_cast<redis_backend&>(*backend_); }

  static job_spec fresh(const std::string& id) {
    auto one = spec(id);
    one.id_is_new = true;
    return one;
  }
  // Commits these by one transaction each, in one commit of the database. Which were refused.
  std::vector<std::size_t> commit_together(std::vector<job_spec> specs,
                                           std::optional<std::size_t> failing = {}) {
    std::vector<std::size_t> refused;
    std::vector<std::future<result<void>>> outcomes;
    {
      const son1k::test::writer_gate gate(db());
      for (std::size_t n = 0; n < specs.size(); ++n) {
        store::transaction tx;
        EXPECT_TRUE(q().stage(tx, std::move(specs[n])));
        if (failing == n)
          tx.stage([](store::connection&) -> result<void> { return error(errc::conflict, "no"); });
        auto told = std::make_shared<std::promise<result<void>>>();
        outcomes.push_back(told->get_future());
        db().commit(std::move(tx), [told](result<void> how) { told->set_value(std::move(how)); });
      }
    }
    for (std::size_t n = 0; n < outcomes.size(); ++n)
      if (!outcomes[n].get()) refused.push_back(n);
    return refused;
  }
  std::vector<job_spec> many(int jobs) {
    std::vector<job_spec> all;
    for (int n = 0; n < jobs; ++n) all.push_back(fresh("job-" + std::to_string(100 + n)));
    return all;
  }
  static std::vector<std::string> ids_of(const std::vector<job_spec>& all) {
    std::vector<std::string> ids;
    for (const auto& one : all) ids.push_back(one.id);
    return ids;
  }
  // Asked past the queue, which would send what it holds.
  std::int64_t waiting_in_redis() {
    const auto key = redis().prefix() + ":songs:wait";
    const auto found = redis().client().call_and_wait(net::redis_command("LLEN").add(key));
    EXPECT_TRUE(found);
    return found ? found->number_or(-1) : -1;
  }
  std::int64_t rows() {
    static const store::statement sql("SELECT count(*) FROM queue_outbox");
    std::int64_t found = -1;
    auto work = [&found](store::connection& c) {
      return c.query(sql, {}, [&](const store::row& r) {
        found = r.integer(0);
        return true;
      });
    };
    EXPECT_TRUE(store::read_and_wait(db(), work));
    return found;
  }
};

TEST_P(redis_staged, jobs_of_one_commit_are_added_in_its_order_and_only_once) {
  const auto all = many(40);
  EXPECT_THAT(commit_together(all), IsEmpty());
  reopen();
  EXPECT_EQ(counts().waiting, 40);
  EXPECT_THAT(claim_ids(100), ElementsAreArray(ids_of(all)));
}

TEST_P(redis_staged, jobs_of_one_commit_that_redis_has_not_heard_of_are_sent_by_the_next_process) {
  const auto all = many(600);
  redis().lose("push");
  EXPECT_THAT(commit_together(all), IsEmpty());
  EXPECT_EQ(counts().waiting, 0);
  EXPECT_EQ(rows(), 3);
  redis().lose("");
  reopen();
  EXPECT_EQ(counts().waiting, 600);
  EXPECT_THAT(claim_ids(1'000), ElementsAreArray(ids_of(all)));
  reopen();
  EXPECT_EQ(counts().waiting + counts().active, 600) << "nothing is told again";
  EXPECT_EQ(rows(), 0);
}

// They may leave a moment later, so that others are not kept waiting in Redis.
TEST_P(redis_staged, many_jobs_of_one_commit_leave_though_nobody_asks_for_them) {
  EXPECT_THAT(commit_together(many(40)), IsEmpty());
  std::int64_t there = 0;
  for (int look = 0; look < 2'000 && there < 40; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    there = waiting_in_redis();
  }
  EXPECT_EQ(there, 40);
}

TEST_P(redis_staged, what_follows_many_jobs_of_one_commit_does_not_overtake_them) {
  const auto all = many(40);
  EXPECT_THAT(commit_together(all), IsEmpty());
  EXPECT_THAT(commit_together({fresh("next")}), IsEmpty());
  ASSERT_TRUE(add(spec("after")));
  EXPECT_THAT(commit_together({fresh("last")}), IsEmpty());
  auto expected = ids_of(all);
  expected.insert(expected.end(), {"next", "after", "last"});
  EXPECT_THAT(claim_ids(100), ElementsAreArray(expected));
}

TEST_P(redis_staged, a_cancel_finds_the_job_that_was_just_committed_with_many) {
  auto all = many(40);
  EXPECT_THAT(commit_together(all), IsEmpty());
  ASSERT_TRUE(cancel("job-105"));
  EXPECT_THAT(commit_together({fresh("last")}), IsEmpty());
  all.erase(all.begin() + 5);
  auto expected = ids_of(all);
  expected.push_back("last");
  EXPECT_THAT(claim_ids(100), ElementsAreArray(expected));
}

TEST_P(redis_staged, many_jobs_of_one_commit_leave_before_the_queue_stops) {
  EXPECT_THAT(commit_together(many(40)), IsEmpty());
  q().stop();
  EXPECT_EQ(waiting_in_redis(), 40);
}

TEST_P(redis_staged, a_transaction_that_fails_takes_no_other_with_it) {
  auto all = many(20);
  EXPECT_THAT(commit_together(all, 7), ElementsAre(7u));
  all.erase(all.begin() + 7);
  EXPECT_THAT(claim_ids(100), ElementsAreArray(ids_of(all)));
}

TEST_P(redis_staged, jobs_of_different_kinds_users_and_options_stay_what_they_are) {
  std::vector<job_spec> all = many(4);
  all[1].user = "ana";
  all[1].data = R"({"n":1})";
  all[2].kind = "other";
  all[2].options.attempts = 7;
  all[2].options.timeout_ms = 1'234;
  all[3].queue = "other";
  EXPECT_THAT(commit_together(all), IsEmpty());
  EXPECT_THAT(claim_ids(100), ElementsAre("job-100", "job-101", "job-102"));
  EXPECT_EQ(get("job-101")->user, "ana");
  EXPECT_EQ(get("job-101")->data, R"({"n":1})");
  const auto third = get("job-102");
  EXPECT_EQ(third->kind, "other");
  EXPECT_EQ(third->options.attempts, 7);
  EXPECT_EQ(third->options.timeout_ms, 1'234);
  EXPECT_EQ(get("job-100")->options.attempts, job_options().attempts);
  EXPECT_EQ(run(q().get("other", "job-103"))->queue, "other");
}

TEST_P(redis_staged, those_with_a_priority_stand_where_an_add_would_have_put_them) {
  std::vector<job_spec> all = many(6);
  const std::vector<std::int32_t> priorities{5, 0, 1, 5, 1, 20};
  for (std::size_t n = 0; n < all.size(); ++n) all[n].options.priority = priorities[n];
  EXPECT_THAT(commit_together(all), IsEmpty());
  EXPECT_EQ(rows(), 1) << "and of one commit in one row";
  auto after = spec("after");
  after.options.priority = 5;
  ASSERT_TRUE(add(after));
  EXPECT_EQ(counts().waiting, 1);
  EXPECT_EQ(counts().prioritized, 6);
  EXPECT_EQ(get("job-100")->options.priority, 5);
  EXPECT_THAT(claim_ids(100), ElementsAre("job-101", "job-102", "job-104", "job-100", "job-103",
                                          "after", "job-105"));
}

TEST_P(redis_staged, those_with_a_priority_age_as_others_do) {
  auto early = fresh("early");
  early.options.priority = 20;
  EXPECT_THAT(commit_together({early}), IsEmpty());
  clock().advance(11 * 60'000);
  auto late = fresh("late");
  late.options.priority = 1;
  EXPECT_THAT(commit_together({late}), IsEmpty());
  EXPECT_THAT(claim_ids(1), ElementsAre("early"));
}

INSTANTIATE_TEST_SUITE_P(, redis_staged, testing::ValuesIn(backends_over_each_database()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace son1k::queue::test
