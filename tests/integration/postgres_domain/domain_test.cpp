// The product's own statements on PostgreSQL.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "api/generation_records.hpp"
#include "api/idempotency.hpp"
#include "api/piece_search.hpp"
#include "integration/postgres/postgres_case.hpp"
#include "kinds/generation/generation_kind.hpp"
#include "queue/schedules/leader.hpp"
#include "queue/schedules/schedule_table.hpp"

namespace son1k::test {
namespace {

using store::commit_and_wait;
using store::connection;
using store::transaction;

class postgres_domain : public postgres_case {
 protected:
  void SetUp() override {
    postgres_case::SetUp();
    settings_.migrations = store::postgres_sources();
  }
};

TEST_F(postgres_domain, pieces_are_written_and_found) {
  auto db = open();
  ASSERT_TRUE(db->migrate());
  for (int n = 1; n <= 3; ++n) {
    api::generation_record piece;
    piece.id = "piece-" + std::to_string(n);
    piece.owner = "ana";
    piece.prompt = "un bolero";
    piece.request = "{}";
    piece.created_at_ms = n;
    transaction tx;
    api::stage_generation(tx, piece);
    auto done = commit_and_wait(*db, std::move(tx));
    ASSERT_TRUE(done) << done.error().what();
  }
  transaction cancel;
  api::stage_generation_cancel(cancel, "ana", "piece-2", 9);
  ASSERT_TRUE(commit_and_wait(*db, std::move(cancel)));
  api::history_query query;
  query.owner = "ana";
  query.limit = 2;
  query.before = "piece-3";
  auto listed =
      store::read_and_wait(*db, [&](connection& c) { return api::list_generations(c, query); });
  ASSERT_TRUE(listed) << listed.error().what();
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[0].status, "cancelled");
  EXPECT_EQ((*listed)[0].finished_at_ms, 9);
  auto counted =
      store::read_and_wait(*db, [&](connection& c) { return api::count_generations(c, query); });
  ASSERT_TRUE(counted) << counted.error().what();
  EXPECT_EQ(*counted, 3);
  for (const auto& [part, found] : {std::pair("N BOL", 2u), std::pair("%", 0u)}) {
    query.search = part;
    listed =
        store::read_and_wait(*db, [&](connection& c) { return api::list_generations(c, query); });
    ASSERT_TRUE(listed) << listed.error().what();
    EXPECT_EQ(listed->size(), found) << part;
  }
  transaction forget;
  forget.stage([](connection& c) -> result<void> {
    auto gone = api::forget_replies(c, 1'000'000'000'000, 10);
    return gone ? result<void>{} : gone.error();
  });
  auto forgot = commit_and_wait(*db, std::move(forget));
  EXPECT_TRUE(forgot) << forgot.error().what();
}

TEST_F(postgres_domain, pieces_end_and_begin_again_with_their_jobs) {
  auto db = open();
  ASSERT_TRUE(db->migrate());
  api::generation_record piece;
  piece.id = "piece";
  piece.owner = "ana";
  piece.request = "{}";
  transaction made;
  api::stage_generation(made, piece);
  ASSERT_TRUE(commit_and_wait(*db, std::move(made)));
  auto kind = kinds::make_generation_kind({});
  queue::job_view job;
  job.id = "piece";
  job.user = "ana";
  job.starts = 1;
  auto status_after = [&](queue::job_state state, std::optional<queue::job_error> why) {
    job.state = state;
    job.error = std::move(why);
    transaction tx;
    kind->settle(job, tx);
    auto done = commit_and_wait(*db, std::move(tx));
    EXPECT_TRUE(done) << done.error().what();
    return in_database("SELECT status FROM generation");
  };
  using queue::job_state;
  EXPECT_EQ(status_after(job_state::completed, {}), "completed");
  EXPECT_EQ(status_after(job_state::waiting, {}), "pending");
  EXPECT_EQ(status_after(job_state::failed, queue::job_error{"timeout", "too long", true}),
            "failed");
  EXPECT_EQ(status_after(job_state::waiting, {}), "pending");
  EXPECT_EQ(status_after(job_state::failed, queue::job_error{"cancelled", "", false}), "cancelled");
}

TEST_F(postgres_domain, pieces_that_wait_are_owed_and_taken_over_unless_they_end_first) {
  auto db = open();
  ASSERT_TRUE(db->migrate());
  transaction made;
  for (const char* id : {"a", "b", "c"}) {
    api::generation_record piece;
    piece.id = id;
    piece.owner = "ana";
    piece.request = "{\"seed\":1}";
    api::stage_generation(made, piece);
  }
  ASSERT_TRUE(commit_and_wait(*db, std::move(made)));
  auto kind = kinds::make_generation_kind({});
  auto owed_after = [&](const std::string& after) {
    return store::read_and_wait(*db, [&](connection& c) { return kind->owed(c, after, 2); });
  };
  auto jobs = owed_after("");
  ASSERT_TRUE(jobs) << jobs.error().what();
  ASSERT_EQ(jobs->size(), 2u);
  EXPECT_EQ(owed_after("b")->size(), 1u);
  EXPECT_EQ(jobs->front().spec.queue, "generation");
  EXPECT_EQ(jobs->front().spec.user, "ana");
  EXPECT_EQ(jobs->front().spec.data, "{\"seed\":1}");
  transaction cancel;
  api::stage_generation_cancel(cancel, "ana", "b", 9);
  ASSERT_TRUE(commit_and_wait(*db, std::move(cancel)));
  for (auto& job : *jobs) job.fence = 7;
  std::vector<std::string> taken;
  transaction take;
  take.stage([&](connection& c) -> result<void> {
    auto ours = kind->take_over(c, *jobs);
    if (!ours) return ours.error();
    taken = *ours;
    return {};
  });
  auto done = commit_and_wait(*db, std::move(take));
  ASSERT_TRUE(done) << done.error().what();
  EXPECT_EQ(taken, std::vector<std::string>{"a"});
  // A run from before may say what it likes.
  queue::job_view old;
  old.id = "a";
  old.user = "ana";
  old.state = queue::job_state::completed;
  old.starts = 5;
  transaction late;
  kind->settle(old, late);
  ASSERT_TRUE(commit_and_wait(*db, std::move(late)));
  EXPECT_EQ(in_database("SELECT status FROM generation WHERE id = 'a'"), "pending");
}

TEST_F(postgres_domain, schedules_are_kept_found_and_advanced) {
  auto db = open();
  ASSERT_TRUE(db->migrate());
  queue::schedule row;
  row.spec.id = "nightly";
  row.spec.queue = "q";
  row.spec.kind = "probe";
  row.spec.cron = "0 3 * * *";
  row.next_run_ms = 5'000'000'000'000;
  std::vector<bool> inserted;
  queue::schedule edited = row;
  edited.version = 2;
  edited.spec.every_ms = 60'000;
  edited.spec.cron.clear();
  edited.next_run_ms = 4'000'000'000'000;
  bool updated = false;
  transaction tx;
  tx.stage([&](connection& c) -> result<void> {
    inserted.clear();
    for (int n = 0; n < 2; ++n) {
      auto one = queue::insert_schedule(c, row);
      if (!one) return one.error();
      inserted.push_back(*one);
    }
    auto second = queue::update_schedule(c, edited);
    if (!second) return second.error();
    updated = *second;
    auto advanced = queue::advance_schedule(
        c, {"nightly", 2, 4'000'000'000'000, 4'000'000'060'000, queue::job_ref{"q", "j"}, false});
    if (!advanced) return advanced;
    auto passed = queue::advance_schedule(
        c, {"nightly", 2, 4'000'000'060'000, 4'000'000'120'000, std::nullopt, true});
    if (!passed) return passed;
    return queue::note_job(c, "nightly", {"q", "k"});
  });
  auto done = commit_and_wait(*db, std::move(tx));
  ASSERT_TRUE(done) << done.error().what();
  EXPECT_EQ(inserted, (std::vector<bool>{true, false}));
  EXPECT_TRUE(updated);
  auto found = store::read_and_wait(*db, [](connection& c) -> result<queue::schedule> {
    auto due = queue::due_schedules(c, 4'000'000'120'000, 10);
    if (!due) return due.error();
    EXPECT_EQ(due->size(), 1u);
    auto next = queue::next_due(c);
    if (!next) return next.error();
    EXPECT_EQ(*next, 4'000'000'120'000);
    auto listed = queue::list_schedules(c, "", 10);
    if (!listed) return listed.error();
    EXPECT_EQ(listed->size(), 1u);
    return queue::find_schedule(c, "nightly");
  });
  ASSERT_TRUE(found) << found.error().what();
  EXPECT_EQ(found->runs, 1);
  EXPECT_EQ(found->skipped, 1);
  EXPECT_EQ(found->spec.every_ms, 60'000);
  EXPECT_EQ(found->last_job->id, "k");
}

TEST_F(postgres_domain, one_of_two_schedulers_leads) {
  auto db = open();
  ASSERT_TRUE(db->migrate());
  boost::asio::io_context loop;
  queue::leader first(*db, system_clock(), "office", "a", 60'000);
  queue::leader second(*db, system_clock(), "office", "b", 60'000);
  auto elections = [&]() -> boost::asio::awaitable<void> {
    for (int n = 0; n < 2; ++n) {
      auto one = co_await first.beat();
      auto other = co_await second.beat();
      EXPECT_TRUE(one) << one.error().what();
      EXPECT_TRUE(other) << other.error().what();
    }
    co_await first.give_up();
    auto freed = co_await second.beat();
    EXPECT_TRUE(freed) << freed.error().what();
  };
  auto ended = boost::asio::co_spawn(loop, std::move(elections), boost::asio::use_future);
  loop.run();
  ended.get();
  EXPECT_FALSE(first.leads());
  EXPECT_TRUE(second.leads());
  db->stop();
}

}  // namespace
}  // namespace son1k::test
