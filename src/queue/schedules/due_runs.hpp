// What a leader does about the schedules that are due: decides for each, and commits a batch of
// them, each schedule in a transaction of its own. Not thread-safe: one coroutine at a time.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <vector>

#include "base/clock.hpp"
#include "queue/queue.hpp"
#include "queue/schedules/leader.hpp"
#include "queue/schedules/schedule_table.hpp"
#include "store/database.hpp"

namespace son1k::queue {

struct due_report {
  std::size_t found = 0;    // schedules that were due
  std::size_t runs = 0;     // jobs added
  std::size_t skipped = 0;  // by the overlap rule
  std::size_t missed = 0;   // times found late
  std::size_t failed = 0;   // to be tried again
  bool lost = false;        // another scheduler leads
};

class due_runs {
 public:
  due_runs(store::database& db, queue_port& queue, const clock_port& clock, settle_function settle)
      : db_(db), queue_(queue), clock_(clock), settle_(std::move(settle)) {}

  // Runs at most `limit` of the schedules that are due now. The errors of the database.
  boost::asio::awaitable<result<due_report>> run(const leader& under, std::int64_t limit);

 private:
  // A schedule's next write, and what it means if it succeeds.
  struct planned {
    store::transaction tx;
    schedule_advance what;
    std::int64_t missed = 0;
  };
  boost::asio::awaitable<result<planned>> plan(schedule due, const leader& under);
  boost::asio::awaitable<result<bool>> still_runs(const schedule& due);
  boost::asio::awaitable<std::vector<result<void>>> commit_all(std::vector<planned>& all);

  store::database& db_;
  queue_port& queue_;
  const clock_port& clock_;
  const settle_function settle_;
};

}  // namespace son1k::queue
