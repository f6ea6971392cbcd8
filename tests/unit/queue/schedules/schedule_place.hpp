// What tests of schedules stand on: a database in a folder, a queue over it, a clock that the test
// moves, and ways to run coroutines and look at what is there. One thread.
#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "queue/embedded/embedded_queue.hpp"
#include "queue/schedules/scheduler.hpp"
#include "queue/schedules/schedules.hpp"
#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/faulty_database.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue::test {

// 2026-11-22 00:00:00 UTC, a Sunday.
inline constexpr std::int64_t midnight = 1'795'305'600'000;
inline constexpr std::int64_t second = 1'000;
inline constexpr std::int64_t minute = 60 * second;
inline constexpr std::int64_t hour = 60 * minute;

class schedule_place {
 public:
  schedule_place() {
    store::sqlite_settings sqlite;
    sqlite.file = folder_ / "s.db";
    db_ = std::make_unique<son1k::test::faulty_database>(store::open_sqlite(sqlite).value());
    db_->migrate().value();
    queue_ = make_embedded_queue(*db_, {}, clock);
    book_ = std::make_unique<schedules>(*db_, *queue_, clock);
  }
  ~schedule_place() {
    queue_->stop();
    db_->stop();
  }

  son1k::test::faulty_database& db() { return *db_; }
  queue_port& queue() { return *queue_; }
  schedules& book() { return *book_; }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    auto& loop = loops_.emplace_back();
    auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    loop.run();
    return future.get();
  }

  std::unique_ptr<scheduler> new_scheduler() {
    return std::make_unique<scheduler>(*db_, *queue_, clock);
  }

  static schedule_spec every(std::string id, std::int64_t ms) {
    schedule_spec out;
    out.id = std::move(id);
    out.queue = "q";
    out.kind = "probe";
    out.every_ms = ms;
    return out;
  }
  static schedule_spec by_cron(std::string id, std::string pattern, std::string zone = "UTC") {
    auto out = every(std::move(id), 0);
    out.cron = std::move(pattern);
    out.zone = std::move(zone);
    return out;
  }
  schedule create(schedule_spec spec) { return run(book_->create(std::move(spec))).value(); }
  schedule get(std::string id) { return run(book_->get(std::move(id))).value(); }

  // The ids of the jobs of the queue that have not started, by arrival.
  std::int64_t waiting() { return queue_->counts("q").value().waiting; }
  bool has_job(const std::string& id) { return run(queue_->get("q", id)).has_value(); }
  std::vector<claimed_job> claim() {
    claim_request request;
    request.queue = "q";
    request.worker = "w";
    request.max = 1'000;
    // The queue looks at the clock by itself, and tests move it by hours.
    request.lease_ms = 24 * hour;
    return run(queue_->claim(std::move(request))).value();
  }
  void complete(const claimed_job& job) {
    finish_request request;
    request.held = job.held;
    request.how = outcome::complete("null");
    std::vector<finish_request> all;
    all.push_back(std::move(request));
    run(queue_->finish(std::move(all))).front().value();
  }

  son1k::test::manual_clock clock{midnight};

 private:
  son1k::test::temp_folder folder_;
  std::deque<boost::asio::io_context> loops_;  // outlive the threads that post to them
  std::unique_ptr<son1k::test::faulty_database> db_;
  std::unique_ptr<queue_port> queue_;
  std::unique_ptr<schedules> book_;
};

inline std::string job_id(const std::string& schedule, std::int64_t due_ms) {
  return "repeat:" + schedule + ":" + std::to_string(due_ms);
}

}  // namespace son1k::queue::test
