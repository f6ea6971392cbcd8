// The one thread that writes: it takes what is queued, runs it as one SQLite transaction and
// acknowledges after the commit.
//
// Owns its connections. submit() from any thread; stop() repeatable, from any thread but its own.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/metrics.hpp"
#include "store/sqlite/sqlite_checkpointer.hpp"

namespace son1k::store {

class sqlite_writer {
 public:
  struct limits {
    std::size_t queued_max;
    std::size_t group_max;
    int busy_ms;
    int log_pages_max;
    metrics::histogram* commit_seconds = nullptr;
  };

  // `aside` is for the checkpoints that run beside the writer.
  sqlite_writer(std::unique_ptr<sqlite_connection> connection,
                std::unique_ptr<sqlite_connection> aside, limits l, std::string file);
  ~sqlite_writer();
  sqlite_writer(const sqlite_writer&) = delete;
  sqlite_writer& operator=(const sqlite_writer&) = delete;

  // See database::commit().
  void submit(transaction tx, database::commit_handler done);
  // Finishes what was queued; what comes later is refused.
  void stop();

 private:
  struct entry {
    entry(transaction t, database::commit_handler d) : tx(std::move(t)), done(std::move(d)) {}
    transaction tx;
    database::commit_handler done;
    result<void> verdict;
  };
  using group = std::span<entry>;

  void run();
  bool take(std::vector<entry>& batch);
  void commit_group(group g);
  bool run_together(group g);
  void run_apart(group g);
  bool begin(group g);
  void end(group g);
  void refuse(group g, const error& why);
  result<void> run_steps(entry& e);
  static void acknowledge(entry& e);
  void use_durability(group g);
  void tend_log();
  void finish_checkpoint();
  bool wait_for_readers();
  void distrust_disk();

  const std::unique_ptr<sqlite_connection> connection_;
  const limits limits_;
  const std::string file_;

  // Only the writer's thread:
  durability synchronous_ = durability::power;
  int careful_groups_ = 0;  // that many groups run under savepoints at once: one failed lately
  int wal_pages_ = 0;       // in the log after the last commit
  int checkpoint_at_;       // pages
  bool copying_ = false;    // a run of the checkpointer was asked for and is not finished here
  result<void> disk_;       // an error for good once an fsync failed

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<entry> pending_;
  std::size_t unfinished_ = 0;  // pending and taken
  bool stopping_ = false;
  bool asleep_ = false;
  std::once_flag joined_;
  sqlite_checkpointer checkpointer_;
  std::thread thread_;
};

}  // namespace son1k::store
