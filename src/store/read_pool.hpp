// A pool of threads that read, whatever the database. The thread that slept last is woken first, so
// that what few reads need is done by few threads and the others can let go of what they hold.
//
// Owns its readers; each is used on its own thread only. submit() from any thread; stop()
// repeatable, from any thread but the pool's.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "store/database.hpp"

namespace son1k::store {

class reader {
 public:
  virtual ~reader() = default;
  // Runs each work over a snapshot that was taken after the youngest was asked for.
  virtual void serve(std::span<database::read_work> works) = 0;
  // There was nothing to do for a while.
  virtual void rest() {}
};

class read_pool {
 public:
  struct settings {
    const char* thread_name;
    std::size_t queued_max;
    std::optional<std::chrono::milliseconds> rest_after;  // nothing: rest() is never called
  };

  read_pool(std::vector<std::unique_ptr<reader>> readers, settings s);
  ~read_pool();
  read_pool(const read_pool&) = delete;
  read_pool& operator=(const read_pool&) = delete;

  // See database::read().
  result<void> submit(database::read_work work);
  // Finishes what was queued; what comes later is refused.
  void stop();

 private:
  using batch = std::vector<database::read_work>;
  struct worker {
    std::unique_ptr<reader> own;
    std::condition_variable wake;
    bool asleep = false;
    bool rested = true;  // has done nothing since its last rest
    std::thread thread;
  };

  void run(worker& w);
  bool take(worker& w, batch& out);
  void sleep(worker& w, std::unique_lock<std::mutex>& lock);

  const settings settings_;
  std::mutex mutex_;
  std::deque<database::read_work> pending_;
  std::vector<worker*> asleep_;  // the last slept last
  bool stopping_ = false;
  std::once_flag joined_;
  std::deque<worker> workers_;
};

}  // namespace son1k::store
