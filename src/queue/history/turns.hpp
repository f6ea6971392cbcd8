// One coroutine at a time, in order of arrival. Thread-safe; must outlive who waits.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <memory>
#include <mutex>

#include "store/async.hpp"

namespace son1k::queue {

class turns {
 public:
  // Gives the turn to the next when it goes.
  class turn {
   public:
    explicit turn(turns& of) : of_(&of) {}
    turn(turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    turn& operator=(turn&&) = delete;
    ~turn() {
      if (of_ != nullptr) of_->pass_on();
    }

   private:
    turns* of_;
  };

  boost::asio::awaitable<turn> take() {
    auto start = [this](std::shared_ptr<waiting> who) {
      {
        const std::lock_guard lock(mutex_);
        if (taken_) {
          waiting_.push_back(std::move(who));
          return;
        }
        taken_ = true;
      }
      resume_soon(std::move(who));
    };
    co_await suspend_until_resumed(std::move(start));
    co_return turn(*this);
  }

 private:
  void pass_on() {
    std::shared_ptr<waiting> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        taken_ = false;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    resume_soon(std::move(next));
  }

  std::mutex mutex_;
  bool taken_ = false;
  std::deque<std::shared_ptr<waiting>> waiting_;
};

}  // namespace son1k::queue
