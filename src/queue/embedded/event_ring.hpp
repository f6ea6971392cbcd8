// The events of the embedded queue: the newest ones kept for replay, and listeners.
//
// Threads: everything may be called from any thread. append() is cheap and takes a lock of its own;
// deliver() calls the listeners, one event after the other, on the thread that calls it: the
// writer's for most events. So an event is out before the next commit begins, a slow listener slows
// the queue down instead of losing events, and nobody waits for a thread switch.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "queue/embedded/job_entry.hpp"
#include "queue/queue.hpp"

namespace son1k::queue::embedded {

class event_ring {
 public:
  struct limits {
    std::size_t events_max = 10'000;
    std::size_t bytes_max = 32u << 20;  // of details; the oldest events go first
  };
  // Ids begin at epoch milliseconds * 2^20, or where begin_at() says if that is higher.
  event_ring(limits l, std::int64_t now_ms);
  void begin_at(std::uint64_t id);  // before the first event
  std::uint64_t next_id() const;

  // `queue` and `kind` are views that live as long as the ring (they come from name tables).
  struct fresh {
    event_type type;
    std::string_view queue;
    const id_text& job_id;
    std::string_view kind;
    std::int64_t at_ms = 0;
    std::string_view detail;
    std::int32_t percent = 0;
  };
  void append(const fresh& e);
  // Hands what was appended to the listeners. Never call it with a lock held.
  void deliver();

  events_page page(std::uint64_t since, std::size_t limit) const;
  std::shared_ptr<void> subscribe(std::function<void(const job_event&)> listener);

 private:
  struct record {
    event_type type = event_type::added;
    std::int32_t percent = 0;
    std::int64_t at_ms = 0;
    std::string_view queue, kind;
    id_text job_id;
    std::string detail;
  };
  struct subscription {
    std::recursive_mutex busy;  // held during a call: releasing the handle waits for it
    std::function<void(const job_event&)> listener;
    bool ended = false;
  };
  job_event event_at(std::uint64_t id) const;
  std::uint64_t oldest() const { return next_ - kept_; }
  record& at(std::uint64_t id) { return records_[id % records_.size()]; }
  const record& at(std::uint64_t id) const { return records_[id % records_.size()]; }
  bool take_undelivered(std::vector<job_event>& out,
                        std::vector<std::shared_ptr<subscription>>& to);

  const limits limits_;
  mutable std::mutex mutex_;
  std::vector<record> records_;
  std::uint64_t next_;       // id of the next event
  std::uint64_t delivered_;  // ids below it have been handed out
  std::size_t kept_ = 0;
  std::size_t bytes_ = 0;
  std::vector<std::weak_ptr<subscription>> listeners_;
  std::mutex delivery_;
};

}  // namespace son1k::queue::embedded
