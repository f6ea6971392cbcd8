// What becomes of a message to a webhook, on either database.
#include <gmock/gmock.h>

#include "base/uuid.hpp"
#include "store/async.hpp"
#include "support/fresh_databases.hpp"
#include "support/temp_folder.hpp"
#include "webhooks/generation_events.hpp"

namespace son1k::webhooks::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t now_ms = 1'763'900'000'000;

class webhooks_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto opened = son1k::test::open_fresh(GetParam(), folder_.path());
    if (opened.empty()) {
      if (getenv("CI") != nullptr) FAIL() << "PostgreSQL must be installed (tools/setup)";
      GTEST_SKIP() << "PostgreSQL is not installed (tools/setup)";
    }
    db_ = std::move(opened.front());
    ASSERT_TRUE(db_->migrate());
  }

  template <class Step>
  result<void> commit(Step step) {
    store::transaction tx;
    step(tx);
    return store::commit_and_wait(*db_, std::move(tx));
  }
  template <class Work>
  result<void> in_step(Work work) {
    return commit([&](store::transaction& tx) { tx.stage(work); });
  }
  template <class Work>
  auto read(Work work) {
    return store::read_and_wait(*db_, std::move(work));
  }

  std::string make(std::string owner, std::vector<std::string> events = {}, bool active = true) {
    webhook w;
    w.id = uuid_v7();
    w.owner = std::move(owner);
    w.url = "https://example.org/" + w.id;
    w.events = std::move(events);
    w.active = active;
    w.secret = "whsec_AAAA";
    w.created_at_ms = w.updated_at_ms = now_ms;
    EXPECT_TRUE(commit([&](store::transaction& tx) { stage_webhook(tx, w); }));
    return w.id;
  }
  void tell(announcement what) {
    EXPECT_TRUE(in_step([&](store::connection& c) { return announce(c, what); }));
  }
  void complete_piece(const std::string& owner) {
    tell(completed_piece(owner, "piece", now_ms, uuid_v7()));
  }
  std::vector<delivery> sent_to(const std::string& webhook, std::string state = {}) {
    return read([&](store::connection& c) { return list_deliveries(c, webhook, {}, state, 1'000); })
        .value();
  }
  result<void> end(const std::string& id, delivery_end how, std::int64_t most = 2) {
    return in_step([&, told = uuid_v7()](store::connection& c) {
      return end_delivery(c, id, how, most, now_ms, told);
    });
  }
  webhook find(const std::string& id) {
    return read([&](store::connection& c) { return find_webhook(c, {}, id); }).value();
  }
  std::vector<std::string> due() {
    std::vector<std::string> out;
    for (const auto& one :
         read([](store::connection& c) { return due_deliveries(c, 100); }).value())
      out.push_back(one.id);
    return out;
  }

 private:
  son1k::test::temp_folder folder_;
  std::unique_ptr<store::database> db_;
};

TEST_P(webhooks_contract, an_event_is_told_to_those_who_asked_for_it) {
  const auto all = make("ana");
  const auto completed = make("ana", {"generation.completed", "generation.failed"});
  const auto other_event = make("ana", {"generation.failed"});
  const auto off = make("ana", {}, false);
  const auto another = make("ben");
  complete_piece("ana");
  for (const auto& id : {all, completed}) {
    const auto got = sent_to(id);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].event, "generation.completed");
    EXPECT_EQ(got[0].state, "pending");
    EXPECT_EQ(got[0].owner, "ana");
    EXPECT_NE(got[0].payload.find(R"("generationId":"piece")"), std::string::npos);
    EXPECT_EQ(webhook_of(got[0].id), id);
  }
  EXPECT_EQ(sent_to(all)[0].message, sent_to(completed)[0].message);
  for (const auto& id : {other_event, off, another}) EXPECT_THAT(sent_to(id), IsEmpty());
}

TEST_P(webhooks_contract, a_commit_that_fails_tells_nothing) {
  const auto id = make("ana");
  const auto done = in_step([](store::connection& c) -> result<void> {
    auto told = announce(c, completed_piece("ana", "piece", now_ms, uuid_v7()));
    if (!told) return told;
    return error(errc::conflict, text("no"));
  });
  EXPECT_FALSE(done);
  EXPECT_THAT(sent_to(id), IsEmpty());
}

TEST_P(webhooks_contract, a_message_is_due_until_its_job_is_added_once) {
  make("ana");
  complete_piece("ana");
  complete_piece("ana");
  auto ids = due();
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_LT(ids[0], ids[1]);
  ASSERT_TRUE(commit([&](store::transaction& tx) { stage_queued(tx, ids[0]); }));
  EXPECT_THAT(due(), ElementsAre(ids[1]));
  const auto again = commit([&](store::transaction& tx) { stage_queued(tx, ids[0]); });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::conflict);
  const auto owed = read([](store::connection& c) { return owed_deliveries(c, "", 10); }).value();
  ASSERT_EQ(owed.size(), 1U);
  EXPECT_EQ(owed[0].id, ids[0]);
  EXPECT_TRUE(
      read([&](store::connection& c) { return owed_deliveries(c, ids[0], 10); }).value().empty());
}

TEST_P(webhooks_contract, an_attempt_of_an_older_start_is_refused) {
  make("ana");
  complete_piece("ana");
  const auto id = due().front();
  const auto try_as = [&](std::int64_t fence, std::int64_t status) {
    return commit([&](store::transaction& tx) {
      stage_attempt(tx, {id, fence, status, "why", 12, now_ms});
    });
  };
  EXPECT_TRUE(try_as(2, 500));
  EXPECT_FALSE(try_as(1, 200));
  EXPECT_TRUE(in_step([&](store::connection& c) -> result<void> {
    auto mine = take_over_delivery(c, {id, "ana", 5});
    EXPECT_TRUE(mine.value());
    return {};
  }));
  EXPECT_FALSE(try_as(4, 200));
  EXPECT_TRUE(try_as(5, 204));
  const auto got = read([&](store::connection& c) { return find_delivery(c, id); }).value();
  EXPECT_EQ(got.attempts, 2);
  EXPECT_EQ(got.status, 204);
  EXPECT_EQ(got.took_ms, 12);
}

TEST_P(webhooks_contract, an_end_counts_once_and_a_success_forgives) {
  const auto hook = make("ana");
  for (int n = 0; n < 3; ++n) complete_piece("ana");
  const auto ids = due();
  ASSERT_TRUE(end(ids[0], delivery_end::failed));
  ASSERT_TRUE(end(ids[0], delivery_end::failed));
  ASSERT_TRUE(end(ids[0], delivery_end::delivered));
  EXPECT_EQ(find(hook).failures, 1);
  EXPECT_EQ(sent_to(hook, "failed").size(), 1U);
  ASSERT_TRUE(end(ids[1], delivery_end::delivered));
  EXPECT_EQ(find(hook).failures, 0);
  ASSERT_TRUE(end(ids[2], delivery_end::failed));
  EXPECT_TRUE(find(hook).takes_events());
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(webhooks_contract, a_webhook_that_keeps_failing_is_disabled_and_the_others_are_told) {
  const auto bad = make("ana");
  const auto good = make("ana", {"webhook.disabled"});
  for (int n = 0; n < 2; ++n) complete_piece("ana");
  for (const auto& one : due()) ASSERT_TRUE(end(one, delivery_end::failed, 2));
  EXPECT_EQ(find(bad).disabled_at_ms, now_ms);
  EXPECT_EQ(find(bad).disabled_why, "failures");
  const auto told = sent_to(good);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].payload.find(bad), std::string::npos);
  EXPECT_EQ(sent_to(bad).size(), 2U) << "it is not told of itself";
  complete_piece("ana");
  EXPECT_EQ(sent_to(bad).size(), 2U) << "nor of what comes";
  webhook_change on;
  on.active = true;
  ASSERT_TRUE(
      commit([&](store::transaction& tx) { stage_webhook_change(tx, "ana", bad, on, 0, now_ms); }));
  EXPECT_TRUE(find(bad).takes_events());
  EXPECT_EQ(find(bad).failures, 0);
}

TEST_P(webhooks_contract, a_receiver_that_is_gone_is_disabled_at_once) {
  const auto hook = make("ana");
  complete_piece("ana");
  const auto id = due().front();
  ASSERT_TRUE(commit([&](store::transaction& tx) {
    stage_attempt(tx, {id, 1, 410, "gone", 1, now_ms});
  }));
  ASSERT_TRUE(end(id, delivery_end::failed, 100));
  EXPECT_EQ(find(hook).disabled_why, "gone");
}

TEST_P(webhooks_contract, what_is_dropped_counts_against_nobody) {
  const auto hook = make("ana");
  complete_piece("ana");
  ASSERT_TRUE(end(due().front(), delivery_end::dropped, 1));
  EXPECT_EQ(find(hook).failures, 0);
  EXPECT_EQ(sent_to(hook, "dropped").size(), 1U);
}

TEST_P(webhooks_contract, changes_are_those_of_the_owner_and_of_the_version_that_was_read) {
  const auto hook = make("ana");
  webhook_change to;
  to.url = "https://other.example/";
  to.events = std::vector<std::string>{"generation.failed"};
  const auto change = [&](std::string owner, std::int64_t only) {
    return commit([&](store::transaction& tx) {
      stage_webhook_change(tx, owner, hook, to, only, now_ms + 1);
    });
  };
  EXPECT_EQ(change("ben", 0).error().code, errc::not_found);
  ASSERT_TRUE(change("ana", 1));
  EXPECT_EQ(change("ana", 1).error().code, errc::conflict);
  EXPECT_EQ(change("ben", 1).error().code, errc::not_found);
  const auto now_is = find(hook);
  EXPECT_EQ(now_is.url, "https://other.example/");
  EXPECT_THAT(now_is.events, ElementsAre("generation.failed"));
  EXPECT_EQ(now_is.version, 2);
  EXPECT_TRUE(now_is.active);
  EXPECT_FALSE(commit([&](store::transaction& tx) { stage_webhook_removal(tx, "ben", hook); }));
  EXPECT_TRUE(commit([&](store::transaction& tx) { stage_webhook_removal(tx, "ana", hook); }));
  EXPECT_FALSE(read([&](store::connection& c) { return find_webhook(c, "ana", hook); }));
}

TEST_P(webhooks_contract, a_new_secret_leaves_the_old_one_for_a_time) {
  const auto hook = make("ana");
  ASSERT_TRUE(commit([&](store::transaction& tx) {
    stage_new_secret(tx, "ana", hook, "whsec_BBBB", now_ms + 1'000, now_ms);
  }));
  const auto got = find(hook);
  EXPECT_EQ(got.secret, "whsec_BBBB");
  EXPECT_EQ(got.secret_before, "whsec_AAAA");
  EXPECT_EQ(got.before_until_ms, now_ms + 1'000);
}

TEST_P(webhooks_contract, an_account_has_ten) {
  for (std::int64_t n = 0; n < webhooks_of_account_max; ++n) make("ana");
  webhook more;
  more.id = uuid_v7();
  more.owner = "ana";
  const auto done = commit([&](store::transaction& tx) { stage_webhook(tx, more); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::conflict);
  make("ben");
}

TEST_P(webhooks_contract, the_log_is_read_in_pages_and_forgotten_in_slices) {
  const auto hook = make("ana");
  for (int n = 0; n < 5; ++n) complete_piece("ana");
  const auto all = sent_to(hook);
  ASSERT_EQ(all.size(), 5U);
  const auto page = read([&](store::connection& c) {
                      return list_deliveries(c, hook, all[1].id, {}, 2);
                    }).value();
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].id, all[2].id);
  for (const auto& one : {all[0], all[1], all[2]})
    ASSERT_TRUE(end(one.id, delivery_end::delivered));
  const auto forget = [&](std::int64_t at_ms) {
    std::int64_t gone = 0;
    EXPECT_TRUE(in_step([&](store::connection& c) -> result<void> {
      auto done = forget_deliveries(c, at_ms, 2);
      if (!done) return done.error();
      gone = *done;
      return {};
    }));
    return gone;
  };
  EXPECT_EQ(forget(now_ms + deliveries_kept_ms), 0);
  EXPECT_EQ(forget(now_ms + deliveries_kept_ms + 1), 2);
  EXPECT_EQ(forget(now_ms + deliveries_kept_ms + 1), 1);
  EXPECT_EQ(forget(now_ms + deliveries_kept_ms + 1), 0) << "what waits stays";
  EXPECT_EQ(sent_to(hook).size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(, webhooks_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& shown) { return shown.param; });

}  // namespace
}  // namespace son1k::webhooks::test
