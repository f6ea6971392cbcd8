// A Redis that has lost jobs is rebuilt from the rows that wait for them, and rows whose jobs
// cannot come back are ended.
#include <gmock/gmock.h>

#include <map>

#include "contract/queue_redis/redis_backend.hpp"
#include "queue/redis/reconciler.hpp"

namespace son1k::queue::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A domain in memory, whose rows are as those of a kind with a table. One thread at a time.
class rows_kind final : public job_kind {
 public:
  struct row {
    std::int64_t fence = 0;
    std::string data = "{}";
    std::string end;  // empty: it waits
  };
  std::map<std::string, row> rows;
  std::function<void()> before_taking;

  std::string_view name() const override { return "probe"; }
  boost::asio::awaitable<outcome> run(job_context&) override { co_return outcome::complete("1"); }
  void settle(const job_view& ended, store::transaction& tx) override {
    tx.stage([this, ended](store::connection&) -> result<void> {
      auto& r = rows[ended.id];
      if (!r.end.empty() || ended.starts < r.fence) return {};
      r.end = ended.error ? ended.error->code : "completed " + ended.result;
      return {};
    });
  }
  result<std::vector<owed_job>> owed(store::connection&, const std::string& after,
                                     std::int64_t most) override {
    std::vector<owed_job> out;
    for (auto at = rows.upper_bound(after); at != rows.end(); ++at) {
      if (!at->second.end.empty()) continue;
      if (static_cast<std::int64_t>(out.size()) == most) break;
      owed_job one;
      one.spec.queue = "songs";
      one.spec.kind = "probe";
      one.spec.id = at->first;
      one.spec.data = at->second.data;
      one.fence = at->second.fence;
      out.push_back(std::move(one));
    }
    return out;
  }
  result<std::vector<std::string>> take_over(store::connection&,
                                             std::span<const owed_job> jobs) override {
    if (before_taking) before_taking();
    std::vector<std::string> taken;
    for (const auto& job : jobs) {
      auto& r = rows.at(job.spec.id);
      if (!r.end.empty()) continue;
      r.fence = job.fence;
      taken.push_back(job.spec.id);
    }
    return taken;
  }
};

class redis_rebuild : public queue_contract {
 protected:
  void SetUp() override {
    queue_contract::SetUp();
    kind_ = std::make_shared<rows_kind>();
    keeper_ = new_keeper();
  }
  void TearDown() override {
    keeper_.reset();
    queue_contract::TearDown();
  }
  redis_backend& redis() { return static_cast<redis_backend&>(*backend_); }
  std::unique_ptr<reconciler> new_keeper() {
    redis_queue_settings how;
    how.prefix = redis().prefix();
    reconciler_settings with;
    with.slice = 3;
    return std::make_unique<reconciler>(redis().client(), db(), q(), how,
                                        std::vector<std::shared_ptr<job_kind>>{kind_}, clock(),
                                        with);
  }
  void pass() { EXPECT_TRUE(run(keeper_->pass())); }
  // Jobs as the domain has them: a row each.
  void add_with_row(const std::string& id) {
    kind_->rows[id] = {};
    ASSERT_TRUE(add(spec(id)));
  }
  void empty_redis() {
    ASSERT_TRUE(redis().client().call_and_wait(net::redis_command("FLUSHALL")));
  }
  finish_request by_kind(const lease& held, outcome how) {
    finish_request r;
    r.held = held;
    r.how = std::move(how);
    r.settle = [this](const job_view& v, store::transaction& tx) { kind_->settle(v, tx); };
    return r;
  }
  result<finish_reply> end(const lease& held, outcome how) {
    std::vector<finish_request> one;
    one.push_back(by_kind(held, std::move(how)));
    return run(q().finish(std::move(one))).front();
  }

  std::shared_ptr<rows_kind> kind_;
  std::unique_ptr<reconciler> keeper_;
};

TEST_P(redis_rebuild, what_an_emptied_redis_has_lost_waits_again_in_its_order) {
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g"}) add_with_row(id);
  pass();
  EXPECT_EQ(keeper_->stats().rebuilt, 0u);
  empty_redis();
  EXPECT_EQ(counts().waiting, 0);
  pass();
  EXPECT_EQ(keeper_->stats().lost_redis, 1u);
  EXPECT_EQ(keeper_->stats().rebuilt, 7u);
  EXPECT_THAT(q().queues().value(), ElementsAre("songs"));
  EXPECT_THAT(claim_ids(10), ElementsAre("a", "b", "c", "d", "e", "f", "g"));
  clock().advance(60'000);
  pass();
  EXPECT_EQ(keeper_->stats().rebuilt, 7u) << "what runs is not lost";
}

TEST_P(redis_rebuild, a_run_from_before_can_write_nothing_and_the_next_has_a_newer_fence) {
  add_with_row("a");
  pass();
  const auto old = claim().at(0).held;
  empty_redis();
  pass();
  EXPECT_EQ(end(old, outcome::complete("1")).error().code, errc::lease_lost);
  store::transaction late;
  q().stage_fence_check(late, old);
  EXPECT_EQ(store::commit_and_wait(db(), std::move(late)).error().code, errc::lease_lost);
  const auto now = claim().at(0).held;
  EXPECT_GT(now.fence, old.fence + 1) << "beyond the last one known";
  EXPECT_EQ(end(old, outcome::complete("1")).error().code, errc::lease_lost);
  EXPECT_EQ(kind_->rows["a"].end, "");
  EXPECT_TRUE(end(now, outcome::complete("2")));
  EXPECT_EQ(kind_->rows["a"].end, "completed 2");
}

TEST_P(redis_rebuild, rows_that_end_or_whose_jobs_are_on_their_way_are_left_alone) {
  for (const char* id : {"a", "b", "c"}) kind_->rows[id] = {};
  kind_->rows["b"].end = "completed 1";
  for (const char* id : {"a", "d"}) {
    redis().lose(id == std::string_view("a") ? "add" : "push");
    kind_->rows[id] = {};
    store::transaction tx;
    auto one = spec(id);
    one.id_is_new = id == std::string_view("d");
    ASSERT_TRUE(q().stage(tx, std::move(one)));
    ASSERT_TRUE(store::commit_and_wait(db(), std::move(tx)));
  }
  kind_->before_taking = [this] { kind_->rows["c"].end = "cancelled"; };
  pass();
  EXPECT_EQ(keeper_->stats().rebuilt, 0u);
  EXPECT_EQ(counts().waiting, 0);
  redis().lose("");
  keeper_.reset();
  reopen();
  EXPECT_THAT(claim_ids(5), testing::UnorderedElementsAre("a", "d"));
}

TEST_P(redis_rebuild, a_single_job_that_vanished_is_found_by_the_regular_comparison) {
  add_with_row("a");
  add_with_row("b");
  pass();
  job_edit how;
  how.kind = job_edit::what::remove;
  std::vector<std::string> ids{"a"};
  ASSERT_TRUE(run(q().edit("songs", ids, how)));
  pass();
  EXPECT_EQ(counts().waiting, 1) << "nothing tells of it";
  clock().advance(60'000);
  pass();
  EXPECT_EQ(counts().waiting, 2);
}

TEST_P(redis_rebuild, a_row_whose_job_cannot_be_made_again_is_ended) {
  add_with_row("a");
  kind_->rows["b"].data = "no JSON";
  pass();
  EXPECT_EQ(kind_->rows["b"].end, "job_lost");
  EXPECT_EQ(kind_->rows["a"].end, "");
  EXPECT_EQ(keeper_->stats().settled, 1u);
}

TEST_P(redis_rebuild, a_row_whose_job_has_ended_without_it_ends_the_same_way) {
  add_with_row("a");
  const auto held = claim().at(0).held;
  ASSERT_TRUE(finish(held, outcome::complete("7")));
  pass();
  EXPECT_EQ(kind_->rows["a"].end, "completed 7");
  EXPECT_THAT(claim_ids(5), IsEmpty());
}

TEST_P(redis_rebuild, of_two_keepers_one_leads_and_the_other_follows_it) {
  auto other = new_keeper();
  pass();
  EXPECT_FALSE(run(other->pass()));
  clock().advance(6'000);
  EXPECT_TRUE(run(other->pass())) << "the first has been silent for its lease";
  add_with_row("a");
  empty_redis();
  clock().advance(1'000);
  EXPECT_TRUE(run(other->pass()));
  EXPECT_FALSE(run(keeper_->pass()));
  EXPECT_EQ(other->stats().rebuilt + keeper_->stats().rebuilt, 1u);
}

TEST_P(redis_rebuild, the_leader_recovers_jobs_of_queues_that_nobody_claims_from) {
  ASSERT_TRUE(add(spec("a")));
  redis_queue_settings how;
  how.prefix = redis().prefix();
  how.upkeep_ms = 0;
  const auto dead = make_redis_queue(redis().client(), db(), how, clock());
  claim_request one;
  one.queue = "songs";
  one.lease_ms = 1'000;
  ASSERT_EQ(run(dead->claim(one)).value().size(), 1u);
  clock().advance(1'000);
  pass();
  EXPECT_EQ(state("a"), job_state::waiting);
  EXPECT_EQ(keeper_->stats().recovered, 1u);
}

INSTANTIATE_TEST_SUITE_P(, redis_rebuild, testing::ValuesIn(backends_over_each_database()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace son1k::queue::test
