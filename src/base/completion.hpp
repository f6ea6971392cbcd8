// Completions of many waiting coroutines, gathered: one group of a writer resumes every coroutine
// of an executor by a single post instead of one each.
//
// Threads: a batch belongs to the thread that made it; resume_soon() may be called anywhere.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace son1k {

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

// A coroutine that waits for another thread; the handler keeps its frame alive.
template <class Handler>
struct waiting_handler final : waiting {
  waiting_handler(boost::asio::any_io_executor e, Handler h)
      : waiting(std::move(e)), handler(std::move(h)) {}
  void resume() override {
    Handler last = std::move(handler);
    std::move(last)();
  }
  Handler handler;
};

// Suspends the calling coroutine; `start(std::shared_ptr<waiting>)` begins the work that ends with
// resume_soon() of what it was given.
template <class Start>
boost::asio::awaitable<void> suspend_until_resumed(Start start) {
  namespace asio = boost::asio;
  auto executor = co_await asio::this_coro::executor;
  auto initiate = [executor, start = std::move(start)](auto handler) mutable {
    using waiter = waiting_handler<decltype(handler)>;
    start(std::make_shared<waiter>(executor, std::move(handler)));
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(initiate),
                                                                       asio::use_awaitable);
}

}  // namespace son1k
