// The writer of an SQLite database: each group is one transaction of SQLite.
//
// Owns its connections. Threads: see group_writer.
#pragma once
#include <atomic>
#include <memory>

#include "base/metrics.hpp"
#include "store/group_writer.hpp"
#include "store/sqlite/sqlite_checkpointer.hpp"

struct sqlite3_file;

namespace son1k::store {

class sqlite_writer final : public group_writer {
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
  ~sqlite_writer() override;

 private:
  void commit_group(group g) override;
  result<void> make_durable() override;
  void after_group() override;  // tends the log
  std::optional<std::chrono::milliseconds> rests_after() const override;
  void rest() override;
  bool run_together(group g);
  void run_apart(group g);
  bool begin(group g);
  void end(group g);
  void finish_checkpoint();
  bool wait_for_readers();
  error unconfirmed() const;
  void distrust_disk();

  const std::unique_ptr<sqlite_connection> connection_;
  const limits limits_;
  const std::string file_;

  // Only the writer's thread:
  int wal_pages_ = 0;     // in the log after the last commit
  int checkpoint_at_;     // pages
  bool copying_ = false;  // a run of the checkpointer was asked for and is not finished here
  result<void> disk_;     // an error for good once an fsync failed

  sqlite3_file* log_ = nullptr;  // the write-ahead log, for either thread
  std::atomic<bool> lost_fsync_ = false;
  sqlite_checkpointer checkpointer_;
};

}  // namespace son1k::store
