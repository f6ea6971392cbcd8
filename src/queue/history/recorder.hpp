// Takes the records of runs as they end, writes them into the history's database in batches,
// indexes behind that, on one thread of its own.
//
// Retention is work for whoever calls trim(). Where nobody does, the thread itself keeps the file
// bounded: it removes what is a tenth beyond the limits.
//
// push() may be called from any thread and blocks while the buffer is full: the queue waits instead
// of losing records. Where the database cannot be written for long, records are dropped and
// counted, so that a full disk here does not stop the jobs; what the queue still keeps is read
// again once it can.
//
// Where several programs share a history, each records the runs that it was told of, whole and at
// most once. One of them a minute reads from the queue what a program that was killed did not come
// to write, and one looks after retention.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/completion.hpp"
#include "queue/history/history.hpp"
#include "queue/history/history_tables.hpp"
#include "queue/job.hpp"
#include "queue/reader.hpp"
#include "store/database.hpp"

namespace son1k::queue {

struct history_settings {
  std::int64_t days = 30;             // kept at most
  std::int64_t rows = 1'000'000;      // kept at most, the newest
  std::size_t buffered_max = 20'000;  // records that wait to be written
  std::size_t batch_max = 1'000;      // records of one commit
  std::int64_t batch_wait_ms = 200;   // the oldest record of a batch waits at most this long
  std::int64_t trim_every_ms = 60'000;
  bool shared = false;  // other programs write to the same history
};

class history_recorder {
 public:
  history_recorder(store::database& db, const history_tables& tables, queue_reader& jobs,
                   const clock_port& clock, history_settings with);
  ~history_recorder();
  history_recorder(const history_recorder&) = delete;
  history_recorder& operator=(const history_recorder&) = delete;

  // Begins to listen, and reads from the queue what ended while nobody did.
  void start();
  // Ends listening and writes what waits. Repeatable.
  void stop();

  void push(std::span<const run_record> records);
  // Resumes once everything pushed before has been written or dropped.
  boost::asio::awaitable<void> flush();
  history_figures figures() const;
  // One slice of retention.
  boost::asio::awaitable<result<trim_step>> trim();

 private:
  // Jobs that ended after `newest_ms` are left alone; a page of which none is missing is the last
  // one if its oldest ended before `sure_ms`.
  struct reconciled_span {
    std::int64_t newest_ms = 0;
    std::int64_t sure_ms = 0;
  };
  struct waiter {
    std::int64_t upto = 0;
    std::shared_ptr<waiting> who;
  };

  void run();
  bool take(std::vector<run_record>& batch);
  void record(std::vector<run_record> batch);
  void record_waiting();
  bool write(std::vector<run_record> batch);
  void settle(std::int64_t count);
  bool tend();
  void index_some();
  bool has_duty(std::string_view name);
  void trim_overflow();
  void count_dead();
  void reconcile();
  boost::asio::awaitable<result<void>> reconcile_queue(std::string queue, job_state state,
                                                       reconciled_span span);

  store::database& db_;
  const history_tables& tables_;
  queue_reader& jobs_;
  const clock_port& clock_;
  const history_settings with_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;  // the thread
  std::condition_variable room_;  // who pushes
  std::deque<run_record> buffer_;
  std::vector<waiter> waiters_;
  std::int64_t pushed_ = 1;   // the first reconciliation counts as one
  std::int64_t settled_ = 0;  // of those pushed: written or dropped
  history_figures figures_;
  bool stopping_ = false;

  // Of the thread alone.
  bool behind_ = true;  // the queue may know ended jobs that the history does not
  std::int64_t reconciled_at_ms_ = 0;
  std::int64_t trimmed_at_ms_ = 0;
  std::int64_t counted_at_ms_ = 0;
  bool trims_on_ = false;
  bool indexes_on_ = true;  // there may be rows to index

  std::shared_ptr<void> subscription_;
  std::thread thread_;
};

}  // namespace son1k::queue
