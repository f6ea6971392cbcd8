// The server goes, comes back, refuses or is too slow: nothing acknowledged is lost, and everybody
// is told what to do.
#include <algorithm>
#include <latch>
#include <thread>

#include "integration/postgres/postgres_case.hpp"
#include "support/fault_proxy.hpp"
#include "support/writer_gate.hpp"

namespace son1k::test {
namespace {

using store::commit_and_wait;
using store::connection;
using store::row;
using store::statement;
using store::transaction;
using testing::HasSubstr;
using testing::Not;

class postgres_faults : public postgres_case {};

// Keeps committing from several threads until it is told to end; what was acknowledged.
class steady_load {
 public:
  explicit steady_load(store::database& db) {
    for (int t = 0; t < 4; ++t) threads_.emplace_back([this, &db, t] { commit(db, t); });
  }
  void wait_for_more(std::size_t count) {
    std::unique_lock lock(mutex_);
    const std::size_t enough = acknowledged_.size() + count;
    changed_.wait(lock, [&] { return acknowledged_.size() >= enough; });
  }
  std::vector<std::int64_t> end() {
    ending_ = true;
    for (auto& one : threads_) one.join();
    std::ranges::sort(acknowledged_);
    return acknowledged_;
  }
  const std::vector<error>& failures() const { return failures_; }

 private:
  void commit(store::database& db, int thread) {
    for (std::int64_t n = 1; !ending_; ++n) {
      const std::int64_t number = thread * 1'000'000 + n;
      auto outcome = commit_and_wait(db, note_of(number));
      std::lock_guard lock(mutex_);
      if (outcome) {
        acknowledged_.push_back(number);
      } else {
        failures_.push_back(outcome.error());
      }
      changed_.notify_all();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::int64_t> acknowledged_;
  std::vector<error> failures_;
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> threads_;
};

void expect_all_there(store::database& db, const std::vector<std::int64_t>& acknowledged) {
  auto present = notes_in(db);
  ASSERT_TRUE(present) << present.error().what();
  EXPECT_TRUE(std::ranges::includes(*present, acknowledged));
}

TEST_F(postgres_faults, no_acknowledged_commit_is_lost_when_the_server_restarts) {
  auto db = open_with_notes();
  steady_load load(*db);
  for (bool fast : {true, false, true, false}) {
    load.wait_for_more(50);
    server().stop(fast);
    server().start();
  }
  load.wait_for_more(50);
  expect_all_there(*db, load.end());
  // Whoever was not acknowledged is told why, and that nobody knows.
  for (const error& e : load.failures()) {
    EXPECT_EQ(e.code, errc::unavailable);
    EXPECT_THAT(e.message.en, HasSubstr("not known whether"));
  }
  EXPECT_GE(figures_.reconnects, 1u);
}

TEST_F(postgres_faults, nor_when_it_restarts_behind_a_pooler) {
  if (!pgbouncer::installed()) GTEST_SKIP() << "pgbouncer is not installed (tools/setup)";
  auto direct = open_with_notes();
  pgbouncer pooler(server());
  settings_.url = pooler.url(name_);
  auto db = open();
  steady_load load(*db);
  for (bool fast : {true, false}) {
    load.wait_for_more(50);
    server().stop(fast);
    server().start();
  }
  load.wait_for_more(50);
  expect_all_there(*direct, load.end());
  for (const error& e : load.failures()) EXPECT_EQ(e.code, errc::unavailable) << e.what();
}

TEST_F(postgres_faults, a_process_that_sleeps_in_a_transaction_loses_it_and_blocks_nobody) {
  auto other = open_with_notes();
  settings_.idle_max = std::chrono::milliseconds(100);
  auto db = open();
  int tries = 0;
  transaction sleeps;
  sleeps.stage([&](connection& c) -> result<void> {
    static const statement insert("INSERT INTO note (number, words) VALUES (1, 'mine')");
    ++tries;
    if (auto done = c.execute(insert, {}); !done) return done.error();
    // The other one waits for the lock on that number until the server has ended this session.
    if (tries == 1) return commit_and_wait(*other, note_of(1));
    return {};
  });
  const auto outcome = commit_and_wait(*db, std::move(sleeps));
  EXPECT_EQ(tries, 2) << "undone, and run again on the next connection";
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::conflict);
  EXPECT_EQ(in_database("SELECT words FROM note"), "x");
}

TEST_F(postgres_faults, a_commit_whose_answer_is_lost_is_told_as_unknown_and_not_repeated) {
  auto direct = open_with_notes();
  fault_proxy proxy(static_cast<std::uint16_t>(server().port()));
  settings_.url = server().url(name_, {}, proxy.port());
  auto db = open();
  ASSERT_TRUE(commit_and_wait(*db, note_of(1)));
  proxy.mute_server(true);
  std::promise<result<void>> told;
  db->commit(note_of(2), [&told](result<void> outcome) { told.set_value(std::move(outcome)); });
  while (notes_in(*direct)->size() < 2) std::this_thread::yield();
  proxy.cut();
  proxy.mute_server(false);
  auto outcome = told.get_future().get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::unavailable);
  EXPECT_THAT(outcome.error().message.en, HasSubstr("not known whether"));
  EXPECT_EQ(figures_.unknown_outcomes, 1u);
  EXPECT_TRUE(commit_and_wait(*db, note_of(3)));
  EXPECT_EQ(notes_in(*db)->size(), 3u);
}

TEST_F(postgres_faults, connections_that_an_operator_ends_come_back) {
  auto db = open_with_notes();
  steady_load load(*db);
  for (int round = 0; round < 10; ++round) {
    load.wait_for_more(20);
    in_database(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
    EXPECT_TRUE(notes_in(*db));
  }
  load.wait_for_more(20);
  expect_all_there(*db, load.end());
}

TEST_F(postgres_faults, commits_wait_for_a_server_that_is_away_and_keep_their_order) {
  auto db = open_with_notes();
  ASSERT_TRUE(commit_and_wait(*db, note_of(0)));
  server().stop();
  std::vector<std::int64_t> order;
  std::promise<void> last;
  for (std::int64_t n = 1; n <= 50; ++n) {
    db->commit(note_of(n), [&, n](result<void> outcome) {
      if (outcome) order.push_back(n);
      if (n == 50) last.set_value();
    });
  }
  server().start();
  last.get_future().wait();
  EXPECT_EQ(order.size(), 50u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(notes_in(*db)->size(), 51u);
}

TEST_F(postgres_faults, work_is_refused_when_the_server_stays_away_and_goes_on_when_it_is_back) {
  settings_.away_max = std::chrono::milliseconds(200);
  auto db = open_with_notes();
  server().stop();
  auto refused = commit_and_wait(*db, note_of(1));
  auto unread = notes_in(*db);
  server().start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  ASSERT_FALSE(unread);
  EXPECT_EQ(unread.error().code, errc::unavailable);
  // Refused at once, meanwhile.
  while (!commit_and_wait(*db, note_of(2))) std::this_thread::yield();
  auto seen = notes_in(*db);
  while (!seen) seen = notes_in(*db);
  EXPECT_EQ(seen->size(), 1u);
}

TEST_F(postgres_faults, what_is_wrong_with_the_url_is_told_at_once_and_without_the_password) {
  auto refusal = [this](const std::string& url) {
    settings_.url = url;
    auto opened = store::open_postgres(settings_);
    EXPECT_FALSE(opened);
    error e = opened ? error() : opened.error();
    EXPECT_THAT(e.what(), Not(HasSubstr("wr0ng")));
    EXPECT_THAT(e.what(), Not(HasSubstr(postgres_server::password)));
    return e;
  };
  EXPECT_EQ(refusal(server().url(name_, "wr0ng")).code, errc::unauthenticated);
  EXPECT_EQ(refusal(server().url("no_such_database")).code, errc::not_found);
  EXPECT_EQ(refusal("postgresql://u:wr0ng@127.0.0.1:1/x").code, errc::unavailable);
  EXPECT_EQ(refusal("postgresql://u:wr0ng@no-such-host.invalid/x").code, errc::unavailable);
  EXPECT_EQ(refusal("http://u:wr0ng@127.0.0.1/x").code, errc::validation);
}

TEST_F(postgres_faults, a_role_without_a_connection_left_or_a_right_is_told_what_to_change) {
  server().run("CREATE ROLE " + name_ + " LOGIN PASSWORD 'plain' CONNECTION LIMIT 0");
  const std::string there = "@127.0.0.1:" + std::to_string(server().port()) + "/" + name_;
  settings_.url = "postgresql://" + name_ + ":plain" + there;
  auto full = store::open_postgres(settings_);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, errc::unavailable);
  EXPECT_THAT(full.error().message.en, HasSubstr("DATABASE_POOL_MAX"));
  server().run("ALTER ROLE " + name_ + " CONNECTION LIMIT -1");
  settings_.migrations = store::postgres_sources();
  auto refused = open()->migrate();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::forbidden);
  // Nothing more than its own database is asked for.
  server().run("ALTER DATABASE " + name_ + " OWNER TO " + name_);
  auto migrated = open()->migrate();
  EXPECT_TRUE(migrated) << migrated.error().what();
}

TEST_F(postgres_faults, closing_does_not_wait_for_a_server_that_is_away) {
  settings_.away_max = std::chrono::hours(1);
  auto db = open_with_notes();
  ASSERT_TRUE(commit_and_wait(*db, note_of(1)));
  server().stop();
  std::promise<result<void>> told;
  db->commit(note_of(2), [&told](result<void> outcome) { told.set_value(std::move(outcome)); });
  db->stop();
  auto outcome = told.get_future().get();
  server().start();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::unavailable);
}

TEST_F(postgres_faults, a_database_that_only_reads_says_so_and_is_looked_for_anew) {
  auto db = open_with_notes();
  in_database("ALTER DATABASE " + name_ + " SET default_transaction_read_only = on");
  in_database(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  auto refused = commit_and_wait(*db, note_of(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::forbidden);
  EXPECT_THAT(refused.error().message.en, HasSubstr("primary"));
  EXPECT_TRUE(notes_in(*db));
  server().run("ALTER DATABASE " + name_ + " RESET default_transaction_read_only");
  EXPECT_TRUE(commit_and_wait(*db, note_of(2)));
}

TEST_F(postgres_faults, a_statement_that_takes_too_long_fails_alone) {
  settings_.statement_max = std::chrono::milliseconds(300);
  auto db = open_with_notes();
  static const statement slow("SELECT pg_sleep(60)");
  std::vector<std::promise<result<void>>> told(3);
  for (std::int64_t n = 0; n < 3; ++n) {
    transaction tx = note_of(n);
    if (n == 1) {
      tx.stage([](connection& c) { return c.query(slow, {}, [](const row&) { return true; }); });
    }
    db->commit(std::move(tx), [&told, n](result<void> outcome) {
      told[static_cast<std::size_t>(n)].set_value(std::move(outcome));
    });
  }
  EXPECT_TRUE(told[0].get_future().get());
  auto refused = told[1].get_future().get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::timeout);
  EXPECT_TRUE(told[2].get_future().get());
  EXPECT_EQ(notes_in(*db)->size(), 2u);
}

TEST_F(postgres_faults, reading_connections_grow_with_the_need_and_shrink_without) {
  settings_.pool_min = 1;
  settings_.pool_max = 4;
  settings_.pool_rest = std::chrono::milliseconds(50);
  auto db = open_with_notes();
  std::promise<void> opened;
  std::shared_future<void> gate = opened.get_future();
  std::latch inside(4);
  for (int n = 0; n < 4; ++n) {
    auto queued = db->read([&, gate](connection& c) {
      static const statement one("SELECT 1");
      EXPECT_TRUE(c.query(one, {}, [](const row&) { return true; }));
      inside.count_down();
      gate.wait();
    });
    ASSERT_TRUE(queued);
  }
  inside.wait();
  EXPECT_EQ(figures_.connections, 4);
  EXPECT_EQ(figures_.reading, 4);
  opened.set_value();
  while (figures_.connections > 1) std::this_thread::yield();
  EXPECT_EQ(figures_.reading, 0);
  EXPECT_TRUE(notes_in(*db));
}

TEST_F(postgres_faults, what_chance_refuses_is_run_again_but_not_for_ever) {
  auto db = open_with_notes();
  static const statement refusal(
      "DO $body$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $body$");
  auto unlucky = [](int times, int& runs) {
    transaction tx = note_of(times);
    tx.stage([times, &runs](connection& c) -> result<void> {
      if (++runs > times) return {};
      return c.send(refusal, {});
    });
    return tx;
  };
  int runs = 0;
  EXPECT_TRUE(commit_and_wait(*db, unlucky(2, runs)));
  EXPECT_EQ(runs, 3);
  // Its neighbours in the group do not pay for it.
  int always = 0;
  std::vector<std::promise<result<void>>> told(3);
  {
    writer_gate gate(*db);
    for (std::int64_t n = 0; n < 3; ++n) {
      db->commit(n == 1 ? unlucky(1'000, always) : note_of(10 + n), [&, n](result<void> outcome) {
        told[static_cast<std::size_t>(n)].set_value(std::move(outcome));
      });
    }
  }
  EXPECT_TRUE(told[0].get_future().get());
  auto refused = told[1].get_future().get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_LT(always, 20);
  EXPECT_TRUE(told[2].get_future().get());
  EXPECT_EQ(notes_in(*db)->size(), 3u);
}

TEST_F(postgres_faults, a_session_that_forgot_its_statements_is_served_without_them) {
  auto db = open_with_notes();
  static const statement forget("DEALLOCATE ALL");
  ASSERT_TRUE(commit_and_wait(*db, note_of(1)));
  ASSERT_TRUE(commit_and_wait(*db, executes(forget)));
  auto outcome = commit_and_wait(*db, note_of(2));
  EXPECT_TRUE(outcome) << outcome.error().what();
  EXPECT_EQ(notes_in(*db)->size(), 2u);
}

}  // namespace
}  // namespace son1k::test
