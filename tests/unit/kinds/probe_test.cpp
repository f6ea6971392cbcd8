#include "kinds/probe/probe.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>

namespace son1k::kinds {
namespace {

namespace asio = boost::asio;

// A run's world without a worker: offloads run at once, sleeps only count.
class bare_context final : public queue::job_context {
 public:
  bare_context(std::string data, int attempt) {
    job_.data = std::move(data);
    job_.attempts_made = attempt - 1;
  }
  const queue::claimed_job& job() const override { return job_; }
  int attempt() const override { return job_.attempts_made + 1; }
  std::stop_token stop() const override { return source.get_token(); }
  queue::stop_reason why_stopped() const override {
    return source.stop_requested() ? queue::stop_reason::cancelled : queue::stop_reason::none;
  }
  void progress(int percent, std::string_view) override { steps.push_back(percent); }
  void log(std::string_view) override {}
  asio::awaitable<result<void>> checkpoint(std::string) override { co_return result<void>{}; }
  asio::awaitable<void> offload(std::function<void()> work) override {
    ++offloads;
    work();
    co_return;
  }
  asio::awaitable<void> sleep(std::int64_t ms) override {
    slept_ms += ms;
    if (stop_in_sleep) source.request_stop();
    co_return;
  }
  asio::awaitable<result<void>> commit(store::transaction) override { co_return result<void>{}; }
  asio::awaitable<result<std::vector<queue::child_view>>> children() override {
    co_return std::vector<queue::child_view>();
  }
  asio::awaitable<result<std::vector<queue::added_job>>> add_children(
      std::vector<queue::job_spec>) override {
    co_return error(errc::internal, "no queue here");
  }

  std::stop_source source;
  std::vector<int> steps;
  std::int64_t slept_ms = 0;
  int offloads = 0;
  bool stop_in_sleep = false;

 private:
  queue::claimed_job job_;
};

queue::outcome run(bare_context& context) {
  asio::io_context loop;
  auto kind = make_probe_kind();
  auto ended = asio::co_spawn(loop, kind->run(context), asio::use_future);
  loop.run();
  return ended.get();
}

using what = queue::outcome::what;

TEST(probe, returns_its_result) {
  bare_context context(R"({"result":{"ok":[1,2]}})", 1);
  const auto how = run(context);
  EXPECT_EQ(how.kind, what::completed);
  EXPECT_EQ(how.result, R"({"ok":[1,2]})");
}

TEST(probe, empty_data_is_a_no_op_with_a_null_result) {
  for (const char* data : {"", "{}", "{ }"}) {
    bare_context context(data, 1);
    const auto how = run(context);
    EXPECT_EQ(how.kind, what::completed);
    EXPECT_EQ(how.result, "null");
  }
}

TEST(probe, spreads_its_wait_over_the_progress_steps) {
  bare_context context(R"({"sleepMs":10,"progressSteps":4})", 1);
  EXPECT_EQ(run(context).kind, what::completed);
  EXPECT_EQ(context.steps, (std::vector<int>{25, 50, 75, 100}));
  EXPECT_EQ(context.slept_ms, 10);
}

TEST(probe, computes_on_the_pool) {
  bare_context context(R"({"cpuMs":2})", 1);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(run(context).kind, what::completed);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(2));
  EXPECT_EQ(context.offloads, 1);
}

TEST(probe, fails_its_first_attempts_and_then_completes) {
  const char* data = R"({"failTimes":2,"failWith":"no luck","result":7})";
  for (int attempt = 1; attempt <= 2; ++attempt) {
    bare_context context(data, attempt);
    const auto how = run(context);
    EXPECT_EQ(how.kind, what::failed);
    EXPECT_EQ(how.error.message, "no luck");
    EXPECT_TRUE(how.error.retryable);
  }
  bare_context third(data, 3);
  const auto how = run(third);
  EXPECT_EQ(how.kind, what::completed);
  EXPECT_EQ(how.result, "7");
}

TEST(probe, a_fatal_failure_is_not_retried) {
  bare_context context(R"({"failTimes":1,"fatal":true})", 1);
  EXPECT_FALSE(run(context).error.retryable);
}

TEST(probe, hang_ends_only_by_the_stop_token) {
  bare_context context(R"({"hang":true,"result":1})", 1);
  context.stop_in_sleep = true;
  const auto how = run(context);
  EXPECT_EQ(how.kind, what::failed);
  EXPECT_EQ(how.error.code, "stopped");
}

TEST(probe_death, crash_kills_its_own_process) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        bare_context context(R"({"crash":true})", 1);
        run(context);
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(probe, bad_data_fails_for_good_and_names_the_field) {
  struct row {
    const char* data;
    const char* names;
  };
  const row rows[] = {
      {R"({"sleepMs":"long"})", "sleepMs"},
      {R"({"sleepMs":-1})", "sleepMs"},
      {R"({"sleepMs":1.5})", "sleepMs"},
      {R"({"cpuMs":600001})", "cpuMs"},
      {R"({"progressSteps":10001})", "progressSteps"},
      {R"({"failTimes":[]})", "failTimes"},
      {R"({"fatal":1})", "fatal"},
      {R"({"hang":"yes"})", "hang"},
      {R"({"nap":1})", "nap"},
      {R"([1])", "body"},
      {R"({"sleepMs":)", ""},
  };
  for (const row& r : rows) {
    bare_context context(r.data, 1);
    const auto how = run(context);
    EXPECT_EQ(how.kind, what::failed) << r.data;
    EXPECT_FALSE(how.error.retryable) << r.data;
    EXPECT_EQ(how.error.code, "validation");
    EXPECT_NE(how.error.message.find(r.names), std::string::npos) << how.error.message;
  }
}

}  // namespace
}  // namespace son1k::kinds
