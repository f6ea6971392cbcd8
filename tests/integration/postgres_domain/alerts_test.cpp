// What is amiss as rows, on PostgreSQL as on SQLite, by a clock that the test moves.
#include "api/alerts/alert_records.hpp"
#include "integration/postgres/postgres_case.hpp"
#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::test {
namespace {

using api::alert;
using api::alert_query;
using api::alert_reading;

class alerts : public postgres_case, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "postgres") {
      postgres_case::SetUp();
      if (IsSkipped() || HasFatalFailure()) return;
      settings_.migrations = store::postgres_sources();
      db_ = open();
    } else {
      store::sqlite_settings settings;
      settings.file = folder_.path() / "son1k.db";
      auto opened = store::open_sqlite(settings);
      ASSERT_TRUE(opened) << opened.error().what();
      db_ = std::move(*opened);
    }
    ASSERT_TRUE(db_ && db_->migrate());
  }
  void TearDown() override {
    if (db_) db_->stop();
  }
  template <class Work>
  result<void> commit(Work work) {
    store::transaction tx;
    tx.stage(std::move(work));
    return store::commit_and_wait(*db_, std::move(tx));
  }
  void read(std::vector<alert_reading> readings) {
    auto done = commit([readings = std::move(readings), now = clock_.now_ms()](
                           store::connection& c) { return api::write_readings(c, readings, now); });
    ASSERT_TRUE(done) << done.error().what();
  }
  std::vector<alert> listed(std::string state = "") {
    alert_query query;
    query.state = std::move(state);
    auto work = [&](store::connection& c) { return api::list_alerts(c, query); };
    return store::read_and_wait(*db_, work).value();
  }
  result<alert> acknowledge(const std::string& id, const std::string& by) {
    auto out = std::make_shared<alert>();
    auto done = commit([=, now = clock_.now_ms()](store::connection& c) -> result<void> {
      auto row = api::acknowledge_alert(c, id, by, now);
      if (!row) return row.error();
      *out = *row;
      return {};
    });
    if (!done) return done.error();
    return *out;
  }

  manual_clock clock_;
  temp_folder folder_;
  std::unique_ptr<store::database> db_;
};

TEST_P(alerts, what_is_amiss_fires_once_goes_on_and_is_resolved) {
  const auto begun = clock_.now_ms();
  read({{"oldest-job", "generation", 130}, {"dead-letters", "generation", 3}});
  ASSERT_EQ(listed("firing").size(), 1u);
  EXPECT_EQ(listed()[0].severity, "warning");
  clock_.advance(15'000);
  read({{"oldest-job", "generation", 1'000}});
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed()[0].severity, "critical");
  EXPECT_EQ(listed()[0].since_ms, begun);
  EXPECT_EQ(listed()[0].seen_at_ms, clock_.now_ms());
  EXPECT_DOUBLE_EQ(listed()[0].value, 1'000);
  clock_.advance(15'000);
  read({{"oldest-job", "generation", 0}});
  EXPECT_TRUE(listed("firing").empty());
  ASSERT_EQ(listed("resolved").size(), 1u);
  EXPECT_EQ(listed()[0].resolved_at_ms, clock_.now_ms());
}

TEST_P(alerts, what_comes_back_is_another_alert) {
  read({{"disk", "a:/data", 0.91}});
  read({{"disk", "a:/data", 0.5}});
  clock_.advance(1'000);
  read({{"disk", "a:/data", 0.99}});
  const auto all = listed();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].resolved_at_ms, 0);
  EXPECT_EQ(all[0].since_ms, clock_.now_ms());
  EXPECT_NE(all[1].resolved_at_ms, 0);
}

TEST_P(alerts, each_subject_is_by_itself) {
  read({{"p95", "one", 3}, {"p95", "two", 3}, {"p99", "one", 6}});
  EXPECT_EQ(listed("firing").size(), 3u);
  read({{"p95", "one", 1}});
  EXPECT_EQ(listed("firing").size(), 2u);
}

TEST_P(alerts, what_nobody_looks_at_any_more_is_over) {
  read({{"p95", "a server that dies", 3}});
  clock_.advance(api::alert_unseen_ms);
  read({{"p95", "another", 0}});
  EXPECT_EQ(listed("firing").size(), 1u);
  clock_.advance(1);
  read({{"p95", "another", 0}});
  EXPECT_TRUE(listed("firing").empty());
}

TEST_P(alerts, somebody_sees_to_it_and_the_first_is_kept) {
  read({{"disk", "a:/data", 0.91}});
  const auto id = listed()[0].id;
  const auto when = clock_.now_ms();
  ASSERT_TRUE(acknowledge(id, "olga"));
  clock_.advance(1'000);
  const auto again = acknowledge(id, "root");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->acknowledged_by, "olga");
  EXPECT_EQ(again->acknowledged_at_ms, when);
  read({{"disk", "a:/data", 0.92}});
  EXPECT_EQ(listed()[0].acknowledged_by, "olga") << "it is the same alert";
  EXPECT_EQ(acknowledge("nothing", "root").error().code, errc::not_found);
}

TEST_P(alerts, what_was_resolved_a_month_ago_goes_and_what_fires_stays) {
  read({{"disk", "a", 0.91}, {"disk", "b", 0.91}});
  read({{"disk", "a", 0.1}});
  clock_.advance(api::alert_kept_ms + 1);
  const auto gone = std::make_shared<std::int64_t>(0);
  ASSERT_TRUE(commit([=, this](store::connection& c) -> result<void> {
    auto some = api::forget_alerts(c, clock_.now_ms(), 100);
    if (!some) return some.error();
    *gone = *some;
    return {};
  }));
  EXPECT_EQ(*gone, 1);
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed()[0].subject, "b");
}

INSTANTIATE_TEST_SUITE_P(, alerts, testing::Values("sqlite", "postgres"),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace son1k::test
