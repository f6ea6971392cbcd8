// Copies the write-ahead log into the database beside the writer, so that the writer is left with
// the few pages that came meanwhile: the log begins anew only when all of it is copied, and under
// steady load there is always a rest.
//
// Owns its connection and thread. request() and the state are for the writer's thread.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite/sqlite_connection.hpp"

namespace son1k::store {

// One pass over the log, by whichever connection; waits for nobody.
struct checkpoint_pass {
  int code = 0;     // SQLite's
  int logged = -1;  // pages in the log
  int copied = -1;  // of them, in the database
  bool complete() const { return code == 0 && logged == copied; }
};
checkpoint_pass run_checkpoint(sqlite_connection& c);

class sqlite_checkpointer {
 public:
  explicit sqlite_checkpointer(std::unique_ptr<sqlite_connection> connection);
  ~sqlite_checkpointer();
  sqlite_checkpointer(const sqlite_checkpointer&) = delete;
  sqlite_checkpointer& operator=(const sqlite_checkpointer&) = delete;

  // Asks for a run and returns at once; asking during a run changes nothing.
  void request();
  bool running() const { return running_.load(std::memory_order_acquire); }
  // An fsync of a run was not confirmed.
  bool lost_fsync() const { return lost_fsync_.load(std::memory_order_relaxed); }

 private:
  void run();
  void copy_log();

  const std::unique_ptr<sqlite_connection> connection_;
  std::atomic<bool> running_ = false;
  std::atomic<bool> lost_fsync_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace son1k::store
