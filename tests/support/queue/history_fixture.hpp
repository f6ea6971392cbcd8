// A history over a real file, or over what `place_` says, beside a queue of which the test says
// what it holds.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "queue/history/lasting_history.hpp"
#include "queue/history/sqlite/sqlite_history.hpp"
#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/manual_clock.hpp"
#include "support/queue/memory_database.hpp"
#include "support/queue/scripted_queue.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue::test {

inline constexpr std::int64_t start_ms = 1'700'000'000'000;

inline run_record ended_run(const std::string& id) {
  run_record r;
  r.job = {"music", id};
  r.kind = "generation";
  r.user = "ana";
  r.data = R"({"prompt":"lofi rain","n":3})";
  r.worker = "w1";
  r.fence = 1;
  r.attempts_made = 1;
  r.added_at_ms = start_ms;
  r.ready_at_ms = start_ms + 10;
  r.started_at_ms = start_ms + 1'000;
  r.ended_at_ms = start_ms + 3'000;
  r.result = R"({"ok":true})";
  return r;
}

inline run_record failed_run(const std::string& id, std::string message = "timed out after 30 s") {
  auto r = ended_run(id);
  r.state = job_state::failed;
  r.result.clear();
  r.error = job_error{"timeout", std::move(message), true};
  r.options = job_options{};
  r.options->attempts = 7;
  return r;
}

// Where a history's tables are; a second opening finds what the first left.
struct history_place {
  std::function<result<std::unique_ptr<store::database>>()> open;
  const history_tables* tables = nullptr;
};

inline history_place history_in_file(std::filesystem::path file) {
  auto open = [file = std::move(file)] {
    store::sqlite_settings settings;
    settings.file = file;
    settings.migrations = store::history_sources();
    return store::open_sqlite(settings);
  };
  return {std::move(open), &sqlite_history()};
}

class history_test : public testing::Test {
 protected:
  void SetUp() override { open(); }
  ~history_test() override { close(); }

  void open(history_settings with = {}) {
    auto opened = place_.open();
    if (!opened) {
      ADD_FAILURE() << opened.error().what();
      std::abort();
    }
    db_ = std::move(*opened);
    const auto migrated = db_->migrate();
    if (!migrated) ADD_FAILURE() << migrated.error().what();
    history_ =
        std::make_unique<lasting_history>(*db_, tables(), domain_, jobs_, clock_, with, nullptr);
  }
  const history_tables& tables() const { return *place_.tables; }
  void close() {
    if (history_) history_->stop();
    history_.reset();
    if (db_) db_->stop();
    db_.reset();
  }

  template <class T>
  T run(boost::asio::awaitable<T> task) {
    auto future = boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future);
    loop_.run();
    loop_.restart();
    return future.get();
  }
  template <class Work>
  void step(Work work) {
    store::transaction tx;
    tx.stage([work](store::connection& c) -> result<void> {
      auto done = work(c);
      if (!done) return done.error();
      return {};
    });
    const auto ok = store::commit_and_wait(*db_, std::move(tx));
    if (!ok) ADD_FAILURE() << ok.error().what();
  }
  void write(std::vector<run_record> records) {
    step([this, records](store::connection& c) {
      return write_records(tables(), c, cleaned(tables(), records));
    });
  }
  // False: there is nothing left to do.
  bool index_some(std::int64_t max, std::int64_t part_rows) {
    bool more = false;
    step([&, this](store::connection& c) -> result<void> {
      auto done = tables().index_rows(c, {max, 1, part_rows});
      if (!done) return done.error();
      more = *done;
      return {};
    });
    return more;
  }
  void index(std::int64_t max = 1'000'000, std::int64_t part_rows = 1'000'000) {
    while (index_some(max, part_rows)) {
    }
  }
  void trim(std::int64_t oldest_ms, std::int64_t keep, std::int64_t max) {
    step(
        [=, this](store::connection& c) { return trim_oldest(tables(), c, oldest_ms, keep, max); });
  }
  // The ids of all pages.
  std::vector<std::string> find(const std::string& text, std::size_t limit = 100) {
    const auto query = parse_query(text, clock_.now_ms());
    if (!query) {
      ADD_FAILURE() << query.error().what();
      return {};
    }
    std::vector<std::string> ids;
    std::string cursor;
    do {
      auto page = run(history_->search(*query, cursor, limit));
      if (!page) {
        ADD_FAILURE() << page.error().what();
        return ids;
      }
      EXPECT_LE(page->jobs.size(), limit);
      for (const auto& found : page->jobs) ids.push_back(found.job.id);
      cursor = page->next;
    } while (!cursor.empty());
    return ids;
  }

  boost::asio::io_context loop_;
  son1k::test::temp_folder folder_;
  history_place place_ = history_in_file(folder_ / "history.db");
  son1k::test::manual_clock clock_{start_ms + 3'600'000};
  son1k::test::memory_database domain_;
  son1k::test::scripted_queue jobs_;
  std::unique_ptr<store::database> db_;
  std::unique_ptr<lasting_history> history_;
};

}  // namespace son1k::queue::test
