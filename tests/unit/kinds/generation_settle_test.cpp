// A piece of music whose job ends without a run, by whatever way, says so in its own row.
#include <gmock/gmock.h>

#include <future>

#include "kinds/generation/generation_kind.hpp"
#include "kinds/maintenance/maintenance.hpp"
#include "unit/queue/schedules/schedule_place.hpp"

namespace son1k::kinds {
namespace {

namespace queue = son1k::queue;
using queue::test::midnight;
using queue::test::minute;

class generation_settle : public testing::Test {
 protected:
  queue::job_spec piece(std::string id, std::string owner = "ana") {
    store::transaction tx;
    tx.stage([id, owner](store::connection& db) -> result<void> {
      static const store::statement insert(
          "insert into generation (id, owner, prompt, request, created_at_ms) "
          "values ($1, $2, 'p', '{}', 1)");
      auto done = db.execute(insert, {std::string_view(id), std::string_view(owner)});
      if (!done) return done.error();
      return {};
    });
    store::commit_and_wait(place.db(), std::move(tx)).value();
    queue::job_spec out;
    out.queue = "q";
    out.kind = "generation";
    out.id = std::move(id);
    out.user = std::move(owner);
    return out;
  }
  void add(queue::job_spec job) {
    std::vector<queue::job_spec> all;
    all.push_back(std::move(job));
    place.run(place.queue().add(std::move(all))).value();
  }
  std::vector<queue::finish_request> ending(const queue::claimed_job& job, queue::outcome how) {
    queue::finish_request request;
    request.held = job.held;
    request.how = std::move(how);
    request.settle = settle;
    std::vector<queue::finish_request> all;
    all.push_back(std::move(request));
    return all;
  }
  std::string row(const std::string& id) {
    auto look = [&](store::connection& db) -> result<std::string> {
      static const store::statement find("select status from generation where id = $1");
      std::string out;
      auto done = db.query(find, {std::string_view(id)}, [&](const store::row& r) {
        out = r.text(0);
        return false;
      });
      if (!done) return done.error();
      return out;
    };
    return store::read_and_wait(place.db(), look).value();
  }

  queue::test::schedule_place place;
  std::shared_ptr<queue::job_kind> kind = make_generation_kind({"/nowhere", {}});
  queue::settle_function settle = [k = kind](const queue::job_view& job, store::transaction& tx) {
    k->settle(job, tx);
  };
};

// A run that writes to the database and does nothing else.
class bare_run final : public queue::job_context {
 public:
  bare_run(store::database& db, queue::claimed_job job) : db_(db), job_(std::move(job)) {}
  const queue::claimed_job& job() const override { return job_; }
  int attempt() const override { return 1; }
  std::stop_token stop() const override { return {}; }
  queue::stop_reason why_stopped() const override { return {}; }
  void progress(int, std::string_view) override {}
  void log(std::string_view) override {}
  boost::asio::awaitable<result<void>> checkpoint(std::string) override {
    co_return result<void>{};
  }
  boost::asio::awaitable<void> offload(std::function<void()>) override {
    ++offloaded;
    co_return;
  }
  boost::asio::awaitable<void> sleep(std::int64_t) override { co_return; }
  boost::asio::awaitable<result<void>> commit(store::transaction tx) override {
    auto done = co_await store::async_commit(db_, std::move(tx));
    co_return done;
  }
  boost::asio::awaitable<result<std::vector<queue::child_view>>> children() override {
    co_return std::vector<queue::child_view>{};
  }
  boost::asio::awaitable<result<std::vector<queue::added_job>>> add_children(
      std::vector<queue::job_spec>) override {
    co_return std::vector<queue::added_job>{};
  }
  int offloaded = 0;

 private:
  store::database& db_;
  const queue::claimed_job job_;
};

TEST_F(generation_settle, a_run_that_no_piece_waits_for_touches_no_files) {
  const son1k::test::temp_folder artifacts;
  kind = make_generation_kind({artifacts.path(), {}});
  queue::claimed_job job;
  job.held = {"q", "done", 2, 0};
  job.user = "ana";
  job.data = R"({"generationId":"done","prompt":"p","quality":"standard","format":"mp3"})";
  piece("done");
  queue::job_view ended;
  ended.id = "done";
  ended.user = "ana";
  ended.state = queue::job_state::completed;
  ended.starts = 1;
  store::transaction tx;
  kind->settle(ended, tx);
  store::commit_and_wait(place.db(), std::move(tx)).value();
  std::filesystem::create_directories(artifacts.path() / "done" / "1");
  bare_run run(place.db(), job);
  const auto how = place.run(kind->run(run));
  EXPECT_EQ(how.kind, queue::outcome::what::failed);
  EXPECT_EQ(how.error.code, name_of(errc::conflict)) << how.error.message;
  EXPECT_FALSE(how.error.retryable);
  EXPECT_EQ(run.offloaded, 0);
  EXPECT_TRUE(std::filesystem::exists(artifacts.path() / "done" / "1"));
}

TEST_F(generation_settle, cancelled_by_the_overlap_rule_of_a_schedule) {
  auto spec = place.every("s", minute);
  spec.kind = "generation";
  spec.overlap = queue::overlap_rule::cancel_running;
  place.create(spec);
  piece(queue::test::job_id("s", midnight + minute), "");
  queue::scheduler_settings with;
  with.settle = settle;
  queue::scheduler runs(place.db(), place.queue(), place.clock, with);
  place.run(runs.pass());
  for (int i = 0; i < 2; ++i) {
    place.clock.advance(minute);
    place.run(runs.pass());
  }
  EXPECT_FALSE(place.has_job(queue::test::job_id("s", midnight + minute)));
  EXPECT_EQ(row(queue::test::job_id("s", midnight + minute)), "cancelled");
}

TEST_F(generation_settle, cancelled_with_the_parent_that_waits_for_it) {
  auto parent = piece("parent");
  parent.children.push_back(piece("child"));
  add(std::move(parent));
  store::transaction tx;
  place.queue().stage_cancel(tx, "q", "parent", settle).value();
  store::commit_and_wait(place.db(), std::move(tx)).value();
  EXPECT_EQ(row("parent"), "cancelled");
  EXPECT_EQ(row("child"), "cancelled");
}

// Both in one group of commits: the release is not yet known when the cancel is written.
TEST_F(generation_settle, cancelled_while_its_worker_gives_it_back) {
  add(piece("a"));
  const auto job = place.claim().at(0);
  std::promise<void> gate, begun;
  store::transaction busy;
  busy.stage([opened = gate.get_future().share(), &begun](store::connection&) -> result<void> {
    begun.set_value();
    opened.wait();
    return {};
  });
  const auto ignore = [](const result<void>&) {};
  place.db().commit(std::move(busy), ignore);
  begun.get_future().wait();  // what comes now is of the next group
  boost::asio::io_context loop;
  auto request = ending(job, queue::outcome::release());
  auto given_back = boost::asio::co_spawn(loop, place.queue().finish(std::move(request)),
                                          boost::asio::use_future);
  loop.poll();  // to where it waits for its commit
  store::transaction tx;
  place.queue().stage_cancel(tx, "q", "a", settle).value();
  place.db().commit(std::move(tx), ignore);
  gate.set_value();
  loop.run();
  given_back.get().front().value();
  // Behind the outcome of the cancel.
  store::commit_and_wait(place.db(), store::transaction()).value();
  const auto again = place.claim();
  ASSERT_EQ(again.size(), 1u);
  ASSERT_TRUE(again[0].verdict);
  EXPECT_EQ(again[0].verdict->code, "cancelled");
  auto last = ending(again[0], queue::outcome::fail(*again[0].verdict));
  place.run(place.queue().finish(std::move(last))).front().value();
  EXPECT_EQ(row("a"), "cancelled");
}

TEST_F(generation_settle, removed_cleaned_or_obliterated_is_failed) {
  for (const auto* id : {"removed", "cleaned", "gone"}) add(piece(id));
  queue::job_edit edit;
  edit.kind = queue::job_edit::what::remove;
  edit.settle = settle;
  place.run(place.queue().edit("q", {"removed"}, std::move(edit))).value();
  queue::clean_request clean;
  clean.queue = "q";
  clean.states = {queue::job_state::waiting};
  clean.max = 1;
  clean.settle = settle;
  place.run(place.queue().clean(std::move(clean))).value();
  place.run(place.queue().pause("q", true)).value();
  place.run(place.queue().obliterate("q", false, settle)).value();
  for (const auto* id : {"removed", "cleaned", "gone"}) EXPECT_EQ(row(id), "failed") << id;
}

}  // namespace
}  // namespace son1k::kinds
