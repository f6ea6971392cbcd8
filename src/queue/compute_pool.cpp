#include "queue/compute_pool.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>

#include "base/thread_name.hpp"

namespace son1k::queue {
namespace asio = boost::asio;

compute_pool::compute_pool(std::size_t threads, std::size_t queued_max) : queued_max_(queued_max) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  alive_ = threads;
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { loop(); });
}

compute_pool::~compute_pool() {
  stop();
}

void compute_pool::loop() {
  name_thread("compute");
  std::unique_lock lock(mutex_);
  for (;;) {
    work_ready_.wait(lock, [this] { return stopping_ || !queued_.empty(); });
    if (queued_.empty()) break;
    {
      const std::function<void()> work = std::move(queued_.front());
      queued_.pop_front();
      lock.unlock();
      work();
    }
    lock.lock();
  }
  --alive_;
  thread_ended_.notify_all();
}

result<void> compute_pool::submit(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return error(errc::unavailable, "the compute pool is stopping");
    if (queued_.size() >= queued_max_) return error(errc::unavailable, "the compute pool is full");
    queued_.push_back(std::move(work));
  }
  work_ready_.notify_one();
  return {};
}

namespace {

// One piece of work on its way; shared by the coroutine and the pool's thread.
struct piece {
  explicit piece(std::function<void()> w) : work(std::move(w)) {}
  std::function<void()> work;
  std::exception_ptr thrown;
  bool refused = false;
};

asio::awaitable<void> wait_for_room() {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, std::chrono::milliseconds(2));
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

asio::awaitable<void> compute_pool::run(std::function<void()> work) {
  auto executor = co_await asio::this_coro::executor;
  auto shared_piece = std::make_shared<piece>(std::move(work));
  for (;;) {
    shared_piece->refused = false;
    auto initiate = [this, executor, shared_piece](auto handler) {
      auto resume = std::make_shared<decltype(handler)>(std::move(handler));
      auto on_thread = [executor, shared_piece, resume] {
        try {
          shared_piece->work();
        } catch (...) {
          shared_piece->thrown = std::current_exception();
        }
        asio::post(executor, [resume] { std::move (*resume)(); });
      };
      if (submit(std::move(on_thread))) return;  // from here on the piece is the thread's
      shared_piece->refused = true;
      asio::post(executor, [resume] { std::move (*resume)(); });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(initiate),
                                                                         asio::use_awaitable);
    if (!shared_piece->refused) break;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) throw std::runtime_error("the compute pool is stopping");
    }
    co_await wait_for_room();
  }
  if (shared_piece->thrown) std::rethrow_exception(shared_piece->thrown);
}

void compute_pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_ready_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool compute_pool::stop_within(std::int64_t ms) {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    work_ready_.notify_all();
    const auto ended = [this] { return alive_ == 0; };
    if (!thread_ended_.wait_for(lock, std::chrono::milliseconds(ms), ended)) return false;
  }
  stop();
  return true;
}

}  // namespace son1k::queue
