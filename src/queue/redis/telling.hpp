// Events and records on their way out. Events are BullMQ's streams, one a queue, numbered so that
// they can be read together: an id is (milliseconds << 20 | number in the millisecond) of the
// entry. Records are of what this process has ended. Thread-safe.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "queue/reader.hpp"
#include "queue/redis/job_fields.hpp"
#include "queue/redis/link.hpp"

namespace son1k::queue::redis {

// A run that ended now; who ran it and since when is the caller's to say.
run_record record_of(const stored_job& job, const run_cost& cost, std::int64_t now_ms);

class telling : public std::enable_shared_from_this<telling> {
 public:
  explicit telling(std::shared_ptr<link> to) : link_(std::move(to)) {}

  events_page events(const std::vector<std::string>& queues, std::uint64_t since,
                     std::size_t limit);
  std::shared_ptr<void> subscribe(std::function<void(const job_event&)> listener);
  std::shared_ptr<void> record_runs(std::function<void(std::span<const run_record>)> listener);

  // Events are handed out from a thread of its own, which reads from Redis itself while somebody
  // listens. stop() waits for it and is repeatable.
  void stop();
  void record(std::vector<run_record> some);

 private:
  const std::shared_ptr<link> link_;
  mutable std::mutex mutex_;
  std::recursive_mutex delivery_;
  std::map<std::string, std::string> last_;  // entry of each queue that was handed out last
  std::map<int, std::function<void(const job_event&)>> listeners_;
  std::map<int, std::function<void(std::span<const run_record>)>> recorders_;
  int next_ = 0;
  // Of the thread.
  void listen();
  bool connect();
  std::vector<std::string> new_queues();
  void hand_out(const net::redis_value& streams, std::uint64_t audience);
  std::unique_ptr<net::redis_solo> wire_;
  std::thread thread_;
  bool stopped_ = false;
  std::condition_variable changed_;  // stopped, or somebody listens
  std::uint64_t audience_ = 0;       // grows when somebody listens after nobody did
};

}  // namespace son1k::queue::redis
