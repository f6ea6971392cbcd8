// Completions of many waiting coroutines, gathered: one group of a writer resumes every coroutine
// of an executor by a single post instead of one each.
//
// Threads: a batch belongs to the thread that made it; resume_soon() may be called anywhere.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace son1k::store {

// Something that waits on an executor; resume() runs there, once.
struct waiting {
  explicit waiting(boost::asio::any_io_executor e) : executor(std::move(e)) {}
  virtual ~waiting() = default;
  virtual void resume() = 0;
  boost::asio::any_io_executor executor;
};

// Posts the waiter to its executor: at the end of the thread's open batch, else at once.
void resume_soon(std::shared_ptr<waiting> waiter);

// While it lives, resume_soon() on this thread only gathers; flush() and the end post.
class completion_batch {
 public:
  completion_batch();
  ~completion_batch();
  completion_batch(const completion_batch&) = delete;
  completion_batch& operator=(const completion_batch&) = delete;

  void flush();

 private:
  friend void resume_soon(std::shared_ptr<waiting> waiter);
  using waiters = std::vector<std::shared_ptr<waiting>>;
  std::vector<waiters> by_executor_;  // none is empty
};

}  // namespace son1k::store
