// The runs that ended, on their way to whoever keeps them (the lasting history).
//
// Threads: everything may be called from any thread. append() is cheap and takes a lock of its own;
// deliver() calls the listeners on the thread that calls it, the writer's for most: a listener that
// blocks keeps the next commits waiting and so holds the queue back. A listener must not wait for a
// commit to the queue's own database. With no listener nothing is kept.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "queue/job.hpp"

namespace son1k::queue::embedded {

class run_feed {
 public:
  using listener = std::function<void(std::span<const run_record>)>;

  bool wanted() const { return listening_->load(std::memory_order_relaxed) > 0; }
  void append(run_record record);
  // Hands what was appended to the listeners. Never call it with a lock held.
  void deliver();
  std::shared_ptr<void> subscribe(listener who);

 private:
  struct subscription {
    std::recursive_mutex busy;  // held during a call: releasing the handle waits for it
    listener who;
    bool ended = false;
  };
  std::vector<std::shared_ptr<subscription>> live();

  // Shared with the handles, which may outlive the feed.
  const std::shared_ptr<std::atomic<std::size_t>> listening_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  std::mutex mutex_;
  std::vector<run_record> pending_;
  std::vector<std::weak_ptr<subscription>> listeners_;
  std::mutex delivery_;
};

}  // namespace son1k::queue::embedded
