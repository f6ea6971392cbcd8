#include "realtime/socketio/hub_ask.hpp"

namespace son1k::realtime {

void io_signal::fire() {
  std::unique_lock lock(mutex_);
  fired_ = true;
  auto waiter = std::move(waiter_);
  lock.unlock();
  if (waiter) resume_soon(std::move(waiter));
}

boost::asio::awaitable<void> io_signal::wait(std::shared_ptr<io_signal> self) {
  auto begin = [self](std::shared_ptr<waiting> waiter) {
    std::unique_lock lock(self->mutex_);
    if (!self->fired_) {
      self->waiter_ = std::move(waiter);
      return;
    }
    lock.unlock();
    resume_soon(std::move(waiter));
  };
  co_await suspend_until_resumed(std::move(begin));
}

hub_ask::hub_ask(std::size_t shards, std::function<void(std::size_t)> asked,
                 std::function<void(io_payload)> acked, std::function<void()> ended)
    : shards_(shards),
      told_(std::move(asked)),
      acked_(std::move(acked)),
      ended_(std::move(ended)) {}

void hub_ask::asked(std::size_t sockets) {
  std::unique_lock lock(mutex_);
  asked_ += sockets;
  if (--shards_ > 0 || over_) return;
  told_(asked_);
  for (auto& each : early_) acked_(std::move(each));
  early_.clear();
  look(lock);
}

void hub_ask::answered(io_payload answer) {
  std::unique_lock lock(mutex_);
  if (over_) return;
  ++answered_;
  if (shards_ > 0)
    early_.push_back(std::move(answer));
  else
    acked_(std::move(answer));
  look(lock);
}

void hub_ask::lost() {
  std::unique_lock lock(mutex_);
  if (over_) return;
  ++answered_;
  look(lock);
}

void hub_ask::give_up() {
  std::unique_lock lock(mutex_);
  if (over_) return;
  over_ = true;
  lock.unlock();
  ended_();
}

bool hub_ask::over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

void hub_ask::look(std::unique_lock<std::mutex>& lock) {
  if (shards_ > 0 || answered_ < asked_) return;
  over_ = true;
  lock.unlock();
  ended_();
}

}  // namespace son1k::realtime
