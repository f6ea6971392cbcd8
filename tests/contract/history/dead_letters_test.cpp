// Dead letters: groups, replay, purge; and what the recorder keeps.
#include <gmock/gmock.h>

#include <thread>

#include "contract/history/history_contract.hpp"

namespace son1k::queue::test {
namespace {

class dead_letters_test : public history_contract {
 protected:
  std::vector<dead_group> all_groups() {
    auto page = run(history_->groups("", 100));
    if (!page) ADD_FAILURE() << page.error().what();
    return page ? page->groups : std::vector<dead_group>{};
  }
  letters_done replay(letters_wanted which, std::size_t max = 1'000) {
    auto done = run(history_->replay(std::move(which), max));
    if (!done) ADD_FAILURE() << done.error().what();
    return done ? *done : letters_done{};
  }
  void keep_in_queue(const run_record& r) {
    job_view job;
    job.queue = r.job.queue;
    job.id = r.job.id;
    job.kind = r.kind;
    job.state = r.state;
    job.data = r.data;
    job.error = r.error;
    job.starts = r.fence;
    job.added_at_ms = r.added_at_ms;
    job.started_at_ms = r.started_at_ms;
    job.finished_at_ms = r.ended_at_ms;
    jobs_.put(std::move(job));
  }
  static letters_wanted of(const dead_group& g) {
    letters_wanted which;
    which.fingerprint = g.fingerprint;
    return which;
  }
};

TEST_P(dead_letters_test, failures_alike_are_one_group) {
  auto cancelled = failed_run("c");
  cancelled.cancelled = true;
  write({failed_run("a", "timed out after 30 s"), failed_run("b", "timed out after 31 s"),
         failed_run("d", "disk is full"), ended_run("e"), cancelled});
  const auto groups = all_groups();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].letters, 1);
  EXPECT_EQ(groups[1].letters, 2);
  EXPECT_EQ(groups[1].sample.message, "timed out after 31 s");
  EXPECT_EQ(groups[1].queue, "music");
  EXPECT_EQ(groups[1].kind, "generation");
  const auto page = run(history_->letters(groups[1].fingerprint, "", 1));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->jobs.size(), 1U);
  EXPECT_EQ(page->jobs[0].job.id, "b");
  const auto rest = run(history_->letters(groups[1].fingerprint, page->next, 1));
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->jobs[0].job.id, "a");
  EXPECT_TRUE(rest->next.empty());
  const auto none = run(history_->group("0000"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, errc::not_found);
}

TEST_P(dead_letters_test, a_replay_retries_what_the_queue_has_and_adds_what_it_forgot) {
  const auto kept = failed_run("kept");
  keep_in_queue(kept);
  write({kept, failed_run("forgotten")});
  const auto done = replay(of(all_groups().at(0)));
  EXPECT_EQ(done.retried, 1);
  EXPECT_EQ(done.added, 1);
  EXPECT_TRUE(all_groups().empty());
  const auto again = run(jobs_.get("music", "forgotten"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->data, failed_run("x").data);
  EXPECT_EQ(again->user, "ana");
  EXPECT_EQ(again->options.attempts, 7);
}

TEST_P(dead_letters_test, a_replay_that_was_interrupted_may_be_repeated) {
  const auto kept = failed_run("kept");
  keep_in_queue(kept);
  write({kept, failed_run("forgotten")});
  const auto group = all_groups().at(0);
  replay(of(group));
  // As if the letters had not been noted as gone.
  step([](store::connection& c) {
    static const store::statement dead("UPDATE history SET dead = 1");
    return c.execute(dead, {});
  });
  const auto second = replay(of(group));
  EXPECT_EQ(second.retried + second.added, 0);
  EXPECT_EQ(second.passed_over, 2);
  EXPECT_EQ(jobs_.retries(), 1U);
  EXPECT_EQ(jobs_.adds(), 1U);
}

TEST_P(dead_letters_test, replay_goes_on_where_the_slice_before_ended) {
  std::vector<run_record> records;
  for (int i = 0; i < 25; ++i) records.push_back(failed_run("j" + std::to_string(i)));
  write(records);
  letters_wanted which;
  which.query = *parse_query("error~\"timed out\"", 0);
  std::int64_t added = 0;
  int slices = 0;
  do {
    const auto done = replay(which, 10);
    added += done.added;
    which.before_seq = done.next_seq;
    ++slices;
  } while (which.before_seq != 0 && slices < 10);
  EXPECT_EQ(added, 25);
  EXPECT_EQ(jobs_.adds(), 25U);
  EXPECT_TRUE(all_groups().empty());
}

TEST_P(dead_letters_test, one_letter_may_be_replayed_alone) {
  write({failed_run("a"), failed_run("b")});
  letters_wanted which;
  which.queue = "music";
  which.id = "a";
  EXPECT_EQ(replay(which).added, 1);
  EXPECT_EQ(all_groups().at(0).letters, 1);
  EXPECT_EQ(replay(which).added, 0);
}

TEST_P(dead_letters_test, purged_letters_stay_in_the_history) {
  write({failed_run("a"), failed_run("b")});
  const auto done = run(history_->purge(of(all_groups().at(0)), 1'000));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->purged, 2);
  EXPECT_TRUE(all_groups().empty());
  EXPECT_EQ(find("state:failed").size(), 2U);
}

TEST_P(dead_letters_test, a_letter_goes_when_its_job_ends_well) {
  write({failed_run("a")});
  auto well = ended_run("a");
  well.fence = 2;
  well.ended_at_ms += 5'000;
  write({well});
  EXPECT_TRUE(all_groups().empty());
}

TEST_P(dead_letters_test, the_oldest_go_in_slices_and_spent_parts_with_them) {
  std::vector<run_record> records;
  for (int i = 0; i < 100; ++i) records.push_back(failed_run(std::to_string(i)));
  write(records);
  for (int i = 0; i < 5; ++i) index_some(20, 20);
  for (int i = 0; i < 9; ++i) {
    trim(0, 10, 10);
    step([this](store::connection& c) { return tables().drop_spent_part(c); });
  }
  EXPECT_EQ(find("").size(), 10U);
  EXPECT_EQ(find("error~timed").size(), 10U);
  EXPECT_EQ(all_groups().at(0).letters, 10);
  const auto parts =
      store::read_and_wait(*db_, [this](store::connection& c) { return tables().read_parts(c); });
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->size(), 1U);
  trim(start_ms + 10'000, 1'000, 100);
  EXPECT_TRUE(find("").empty());
  EXPECT_TRUE(all_groups().empty());
  // Places are not used twice: the part would take a new row for an indexed one.
  write({ended_run("new")});
  index();
  EXPECT_THAT(find("user:ana"), testing::ElementsAre("new"));
}

class history_recording : public history_contract {};

TEST_P(history_recording, a_search_sees_what_was_told_before_it) {
  history_->start();
  std::vector<run_record> records;
  for (int i = 0; i < 2'500; ++i) records.push_back(ended_run(std::to_string(i)));
  jobs_.tell(records);
  const auto counted = run(history_->count(*parse_query("", 0), 10'000));
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->found, 2'500);
  EXPECT_EQ(history_->figures().recorded, 2'500);
}

TEST_P(history_recording, what_ended_while_nobody_listened_is_read_from_the_queue) {
  for (int i = 0; i < 1'500; ++i) {
    job_view job;
    job.queue = "music";
    job.id = "j" + std::to_string(i);
    job.kind = "generation";
    job.state = i % 2 == 0 ? job_state::completed : job_state::failed;
    if (i % 2 != 0) job.error = job_error{"timeout", "timed out", true};
    job.starts = 1;
    job.added_at_ms = start_ms;
    job.started_at_ms = start_ms + 1;
    job.finished_at_ms = start_ms + 2;
    jobs_.put(std::move(job));
  }
  history_->start();
  const auto query = *parse_query("state:failed", 0);
  EXPECT_EQ(run(history_->count(query, 10'000))->found, 750);
  close();
  open();
  history_->start();
  EXPECT_EQ(run(history_->count(query, 10'000))->found, 750);
  const auto groups = run(history_->groups("", 10));
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->groups.size(), 1U);
  EXPECT_EQ(groups->groups[0].letters, 750);
}

TEST_P(history_recording, the_file_stays_bounded_where_nobody_asks_for_retention) {
  close();
  history_settings with;
  with.rows = 1'000;
  open(with);
  std::vector<run_record> records;
  for (int i = 0; i < 3'000; ++i) records.push_back(ended_run(std::to_string(i)));
  write(records);
  index();
  history_->start();
  const auto rows = [this] {
    auto look = [](store::connection& c) { return count_trimmable(c, 0, 0); };
    return store::read_and_wait(*db_, look).value();
  };
  while (rows() > 1'100) std::this_thread::yield();
  EXPECT_EQ(rows(), 1'100);
  EXPECT_EQ(run(history_->trim())->gone, 100);
  EXPECT_EQ(rows(), 1'000);
}

TEST_P(history_recording, the_index_goes_with_its_rows_while_there_are_more_to_remove) {
  close();
  history_settings with;
  with.rows = 500;
  open(with);
  std::vector<run_record> records;
  for (int i = 0; i < 4'000; ++i) records.push_back(ended_run(std::to_string(i)));
  write(records);
  for (int i = 0; i < 8; ++i) index_some(500, 500);
  const auto parts = [this] {
    auto look = [this](store::connection& c) { return tables().read_parts(c); };
    return store::read_and_wait(*db_, look).value().size();
  };
  EXPECT_EQ(parts(), 8U);
  for (std::size_t left = 7; left > 4; --left) {
    EXPECT_EQ(run(history_->trim())->gone, 1'000);
    EXPECT_EQ(parts(), left);
  }
}

TEST_P(history_recording, stop_writes_what_waits) {
  history_->start();
  jobs_.tell({ended_run("a"), ended_run("b")});
  close();
  open();
  EXPECT_EQ(find("").size(), 2U);
}

}  // namespace

SON1K_HISTORY_CONTRACT(dead_letters_test);
SON1K_HISTORY_CONTRACT(history_recording);

}  // namespace son1k::queue::test
