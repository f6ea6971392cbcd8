// Threads for heavy computing, apart from the event loops. The queue of work is bounded: at the
// bound run() waits for room. Thread-safe but for stop(), which belongs to the owner.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace son1k::queue {

class compute_pool {
 public:
  // 0 threads: one per core. `queued_max`: pieces of work that wait for a thread.
  explicit compute_pool(std::size_t threads = 0, std::size_t queued_max = 4'096);
  ~compute_pool();  // stop()
  compute_pool(const compute_pool&) = delete;
  compute_pool& operator=(const compute_pool&) = delete;

  // Queues `work`; unavailable at the bound or after stop(). `work` must not throw.
  result<void> submit(std::function<void()> work);

  // Runs `work` on one of the threads and resumes on the awaiting coroutine's executor. What `work`
  // throws is thrown here. Throws std::runtime_error after stop().
  boost::asio::awaitable<void> run(std::function<void()> work);

  // Refuses new work, finishes what was queued and joins. Repeatable.
  void stop();
  // As stop(), but gives up after `ms` if a piece of work does not end; false then, and the threads
  // go on: the pool must then be kept until they have ended.
  bool stop_within(std::int64_t ms);

  std::size_t size() const { return threads_.size(); }

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable thread_ended_;
  std::deque<std::function<void()>> queued_;
  std::size_t queued_max_;
  std::size_t alive_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace son1k::queue
