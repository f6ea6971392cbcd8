// A pool of threads that read, each with a connection of its own.
//
// Owns its connections. submit() from any thread; stop() repeatable, from any thread but its own.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/sqlite/sqlite_connection.hpp"

namespace son1k::store {

class sqlite_readers {
 public:
  using connections = std::vector<std::unique_ptr<sqlite_connection>>;

  sqlite_readers(connections c, std::size_t queued_max);
  ~sqlite_readers();
  sqlite_readers(const sqlite_readers&) = delete;
  sqlite_readers& operator=(const sqlite_readers&) = delete;

  // See database::read().
  result<void> submit(database::read_work work);
  // Finishes what was queued; what comes later is refused.
  void stop();

 private:
  using batch = std::vector<database::read_work>;

  void run(sqlite_connection& own);
  bool take(batch& out);

  const std::size_t queued_max_;
  connections connections_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<database::read_work> pending_;
  std::size_t asleep_ = 0;
  bool stopping_ = false;
  std::once_flag joined_;
  std::vector<std::thread> threads_;
};

}  // namespace son1k::store
