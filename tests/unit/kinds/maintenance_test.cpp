// Bulk work by filter, as a job.
#include "kinds/maintenance/maintenance.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "support/queue/history_fixture.hpp"

namespace son1k::kinds {
namespace {

namespace asio = boost::asio;
using queue::job_state;
using queue::test::failed_run;
using what = queue::outcome::what;

// A run's world without a worker; it may be asked to stop after some checkpoints.
class bulk_context final : public queue::job_context {
 public:
  explicit bulk_context(std::string data, std::string checkpoint = {}) {
    job_.data = std::move(data);
    job_.checkpoint = std::move(checkpoint);
    job_.held.id = "self";
    job_.added_at_ms = queue::test::start_ms + 3'600'000;
  }
  const queue::claimed_job& job() const override { return job_; }
  int attempt() const override { return 1; }
  std::stop_token stop() const override { return source_.get_token(); }
  queue::stop_reason why_stopped() const override { return queue::stop_reason::none; }
  void progress(int percent, std::string_view) override { steps.push_back(percent); }
  void log(std::string_view) override {}
  asio::awaitable<result<void>> checkpoint(std::string json) override {
    kept = std::move(json);
    if (--stop_after == 0) source_.request_stop();
    co_return result<void>{};
  }
  asio::awaitable<void> offload(std::function<void()>) override { co_return; }
  asio::awaitable<void> sleep(std::int64_t) override { co_return; }
  asio::awaitable<result<void>> commit(store::transaction) override { co_return result<void>{}; }
  asio::awaitable<result<std::vector<queue::child_view>>> children() override {
    co_return std::vector<queue::child_view>();
  }
  asio::awaitable<result<std::vector<queue::added_job>>> add_children(
      std::vector<queue::job_spec>) override {
    co_return error(errc::internal, "no queue here");
  }

  std::vector<int> steps;
  std::string kept;
  int stop_after = 0;

 private:
  queue::claimed_job job_;
  std::stop_source source_;
};

class maintenance_test : public queue::test::history_test {
 protected:
  queue::outcome work(bulk_context& context) {
    auto forget = [this](store::connection&, std::int64_t most) -> result<std::int64_t> {
      const auto gone = std::min(most, replies_);
      replies_ -= gone;
      return gone;
    };
    auto kind =
        make_maintenance_kind({jobs_, domain_, *history_, *history_, nullptr, std::move(forget)});
    return run(kind->run(context));
  }
  std::int64_t changed(const queue::outcome& how) {
    EXPECT_EQ(how.kind, what::completed) << how.error.message;
    return boost::json::parse(how.result).at("changed").as_int64();
  }
  void live(const std::string& id, job_state state) {
    queue::job_view job;
    job.queue = "music";
    job.id = id;
    job.kind = "generation";
    job.state = state;
    job.added_at_ms = queue::test::start_ms;
    jobs_.put(std::move(job));
  }
  std::int64_t replies_ = 0;  // under idempotency keys, that hold no longer

  std::int64_t bulk(const std::string& rest) {
    bulk_context context(R"({"task":"bulk",)" + rest + "}");
    return changed(work(context));
  }
};

TEST_F(maintenance_test, a_retry_goes_through_all_dead_letters_that_match_in_slices) {
  std::vector<queue::run_record> records;
  for (int i = 0; i < 2'500; ++i) records.push_back(failed_run("j" + std::to_string(i)));
  records.push_back(failed_run("other", "disk is full"));
  write(records);
  bulk_context context(R"({"task":"bulk","action":"retry","query":"error~\"timed out\""})");
  EXPECT_EQ(changed(work(context)), 2'500);
  EXPECT_EQ(jobs_.adds(), 2'500U);
  EXPECT_FALSE(context.kept.empty());
  EXPECT_TRUE(std::is_sorted(context.steps.begin(), context.steps.end()));
}

TEST_F(maintenance_test, a_retry_that_was_stopped_resumes_and_starts_nothing_twice) {
  std::vector<queue::run_record> records;
  for (int i = 0; i < 2'500; ++i) records.push_back(failed_run("j" + std::to_string(i)));
  write(records);
  const std::string data = R"({"task":"bulk","action":"retry","query":"state:failed"})";
  bulk_context first(data);
  first.stop_after = 1;
  const auto stopped = work(first);
  EXPECT_EQ(stopped.kind, what::failed);
  EXPECT_TRUE(stopped.error.retryable);
  EXPECT_EQ(jobs_.adds(), 1'000U);
  bulk_context second(data, first.kept);
  EXPECT_EQ(changed(work(second)), 2'500);
  EXPECT_EQ(jobs_.adds(), 2'500U);
}

TEST_F(maintenance_test, the_living_that_match_are_changed) {
  for (int i = 0; i < 150; ++i) live("w" + std::to_string(i), job_state::waiting);
  for (int i = 0; i < 20; ++i) live("d" + std::to_string(i), job_state::delayed);
  live("a", job_state::active);
  write({failed_run("past")});
  EXPECT_EQ(bulk(R"("action":"promote","query":"state:delayed")"), 20);
  EXPECT_EQ(bulk(R"("action":"priority","priority":7,"query":"queue:music")"), 170);
  EXPECT_EQ(run(jobs_.get("music", "d3"))->options.priority, 7);
  EXPECT_EQ(bulk(R"("action":"cancel","query":"priority:7 id:w3")"), 1);
  EXPECT_EQ(bulk(R"("action":"remove","query":"kind:generation")"), 169);
  EXPECT_TRUE(run(jobs_.get("music", "a")));
  EXPECT_FALSE(run(jobs_.get("music", "w5")));
}

TEST_F(maintenance_test, a_filter_that_matches_nothing_changes_nothing) {
  write({failed_run("a")});
  EXPECT_EQ(bulk(R"("action":"retry","query":"user:nobody")"), 0);
  EXPECT_EQ(bulk(R"("action":"cancel","query":"user:nobody")"), 0);
}

TEST_F(maintenance_test, retention_removes_what_is_beyond_the_limits_in_slices) {
  close();
  queue::history_settings with;
  with.rows = 1'000;
  open(with);
  std::vector<queue::run_record> records;
  for (int i = 0; i < 3'500; ++i) records.push_back(failed_run("j" + std::to_string(i)));
  write(records);
  bulk_context context(R"({"task":"history_retention"})");
  const auto crowd = work(context);
  ASSERT_EQ(crowd.kind, what::completed) << crowd.error.message;
  EXPECT_EQ(crowd.result, R"({"removed":2500})");
  EXPECT_THAT(context.steps, testing::ElementsAre(40, 80, 99));
  EXPECT_EQ(run(history_->count(*queue::parse_query("", 0), 10'000))->found, 1'000);
  bulk_context again(R"({"task":"history_retention"})");
  EXPECT_EQ(work(again).result, R"({"removed":0})");

  clock_.advance(31LL * 86'400'000);
  bulk_context later(R"({"task":"history_retention"})");
  EXPECT_EQ(work(later).result, R"({"removed":1000})");
}

TEST_F(maintenance_test, replies_under_idempotency_keys_go_in_slices_until_none_is_left) {
  replies_ = 2'500;
  bulk_context context(R"({"task":"idempotency_retention"})");
  EXPECT_EQ(work(context).result, R"({"removed":2500})");
  EXPECT_EQ(replies_, 0);
}

TEST_F(maintenance_test, the_systems_own_schedules_are_sound_and_ask_for_known_work) {
  const auto all = maintenance_schedules();
  EXPECT_FALSE(all.empty());
  for (const auto& one : all) {
    const auto ok = queue::check(one);
    EXPECT_TRUE(ok) << one.id << ": " << ok.error().what();
    EXPECT_TRUE(parse_maintenance(one.data, 0)) << one.id;
    EXPECT_EQ(one.queue, maintenance_queue);
    EXPECT_EQ(one.kind, maintenance_name);
    EXPECT_EQ(one.overlap, queue::overlap_rule::skip);
  }
}

TEST_F(maintenance_test, bad_data_is_refused_for_good) {
  for (const auto* data : {"{}", "[]", R"({"task":"bulk","action":"retry"})",
                           R"({"task":"bulk","action":"retry","query":""})",
                           R"({"task":"bulk","action":"explode","query":"id:a"})",
                           R"({"task":"bulk","action":"priority","query":"id:a"})",
                           R"({"task":"bulk","action":"retry","query":"colour:red"})",
                           R"({"task":"dust","action":"retry","query":"id:a"})",
                           R"({"task":"history_retention","query":"id:a"})"}) {
    bulk_context context(data);
    const auto how = work(context);
    EXPECT_EQ(how.kind, what::failed) << data;
    EXPECT_FALSE(how.error.retryable) << data;
  }
}

}  // namespace
}  // namespace son1k::kinds
