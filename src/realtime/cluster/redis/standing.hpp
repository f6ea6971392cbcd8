// Waits until all of some subscriptions stand. Thread-safe; shared with what it waits for.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "base/error.hpp"

namespace son1k::realtime {

class standing_count : public std::enable_shared_from_this<standing_count> {
 public:
  // One more is waited for; what is returned tells that it stands, at its first call.
  std::function<void()> expect() {
    {
      const std::lock_guard lock(mutex_);
      ++due_;
    }
    return [self = shared_from_this(), told = false]() mutable {
      if (std::exchange(told, true)) return;
      const std::lock_guard lock(self->mutex_);
      --self->due_;
      self->changed_.notify_all();
    };
  }
  result<void> wait() {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, patience, [this] { return due_ == 0; })) return {};
    return error(errc::unavailable, "redis",
                 {"the channels of Socket.IO could not be subscribed to in time",
                  "no se pudo suscribir a tiempo a los canales de Socket.IO"});
  }

 private:
  static constexpr std::chrono::seconds patience{10};
  std::mutex mutex_;
  std::condition_variable changed_;
  int due_ = 0;
};

}  // namespace son1k::realtime
