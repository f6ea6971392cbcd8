// A history that several programs write to: what only PostgreSQL allows.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "contract/history/history_contract.hpp"

namespace son1k::queue::test {
namespace {

class shared_history : public history_test {
 protected:
  void SetUp() override {
    if (!son1k::test::postgres_server::installed()) {
      if (getenv("CI") != nullptr) FAIL() << "postgresql-15 must be installed (tools/setup)";
      GTEST_SKIP() << "postgresql-15 is not installed (tools/setup)";
    }
    place_ = history_servers::get().new_place(false);
    open(shared());
    other_db_ = std::move(place_.open().value());
    other_ = std::make_unique<lasting_history>(*other_db_, tables(), domain_, other_jobs_, clock_,
                                               shared(), nullptr);
  }
  void TearDown() override {
    if (other_) other_->stop();
    if (other_db_) other_db_->stop();
  }
  static history_settings shared() {
    history_settings with;
    with.shared = true;
    return with;
  }
  bool claim(store::database& db, std::string_view name, std::int64_t now_ms) {
    bool ours = false;
    store::transaction tx;
    tx.stage([&, this](store::connection& c) -> result<void> {
      auto claimed = tables().claim_duty(c, name, now_ms, 1'000);
      if (!claimed) return claimed.error();
      ours = *claimed;
      return {};
    });
    EXPECT_TRUE(store::commit_and_wait(db, std::move(tx)));
    return ours;
  }

  son1k::test::scripted_queue other_jobs_;
  std::unique_ptr<store::database> other_db_;
  std::unique_ptr<lasting_history> other_;
};

TEST_F(shared_history, what_two_programs_record_at_once_stands_once_and_in_one_order) {
  history_->start();
  other_->start();
  const auto tell = [](son1k::test::scripted_queue& jobs, const std::string& name) {
    for (int i = 0; i < 20; ++i) {
      std::vector<run_record> some;
      for (int n = 0; n < 50; ++n) some.push_back(ended_run(name + std::to_string(i * 50 + n)));
      // Both are told of this one.
      some.push_back(failed_run("same" + std::to_string(i)));
      jobs.tell(std::move(some));
    }
  };
  std::thread first([&] { tell(jobs_, "a"); });
  std::thread second([&] { tell(other_jobs_, "b"); });
  first.join();
  second.join();
  ASSERT_TRUE(run(history_->count(*parse_query("", 0), 1)));
  ASSERT_TRUE(run(other_->count(*parse_query("", 0), 1)));
  const auto ids = find("");
  EXPECT_EQ(ids.size(), 2'020U);
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 2'020U);
  const auto groups = run(other_->groups("", 10));
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->groups.size(), 1U);
  EXPECT_EQ(groups->groups[0].letters, 20);
  EXPECT_EQ(history_->figures().dropped + other_->figures().dropped, 0);
}

TEST_F(shared_history, what_one_program_recorded_is_found_shown_and_replayed_by_another) {
  write({failed_run("a"), failed_run("b")});
  const auto query = *parse_query("error~\"timed out\"", 0);
  const auto page = run(other_->search(query, "", 10));
  ASSERT_TRUE(page) << page.error().what();
  EXPECT_EQ(page->jobs.size(), 2U);
  const auto story = run(other_->show("", "a"));
  ASSERT_TRUE(story) << story.error().what();
  EXPECT_EQ(story->job.job.worker, "w1");
  letters_wanted which;
  which.query = query;
  const auto done = run(other_->replay(which, 100));
  ASSERT_TRUE(done) << done.error().what();
  EXPECT_EQ(done->added, 2);
  const auto again = run(history_->replay(which, 100));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->added + again->retried, 0);
  EXPECT_EQ(jobs_.adds(), 0U);
}

TEST_F(shared_history, what_a_killed_program_did_not_write_is_read_from_the_queue) {
  const auto put = [this](const std::string& id, std::int64_t finished_ms) {
    job_view job;
    job.queue = "music";
    job.id = id;
    job.kind = "generation";
    job.state = job_state::completed;
    job.starts = 1;
    job.added_at_ms = start_ms;
    job.started_at_ms = start_ms + 1;
    job.finished_at_ms = finished_ms;
    other_jobs_.put(std::move(job));
  };
  const auto now = clock_.now_ms();
  // Who ran it is about to write it.
  put("fresh", now);
  put("lost", now - 60'000);
  other_->start();
  while (find("").empty()) std::this_thread::yield();
  EXPECT_THAT(find(""), testing::ElementsAre("lost"));
}

TEST_F(shared_history, a_duty_is_one_programs_until_its_time_is_over) {
  EXPECT_TRUE(claim(*db_, "trim", 10'000));
  EXPECT_FALSE(claim(*other_db_, "trim", 10'999));
  EXPECT_TRUE(claim(*other_db_, "reconcile", 10'999));
  EXPECT_TRUE(claim(*other_db_, "trim", 11'000));
  step([this](store::connection& c) { return tables().release_duty(c, "trim"); });
  EXPECT_TRUE(claim(*db_, "trim", 11'001));
}

}  // namespace
}  // namespace son1k::queue::test
