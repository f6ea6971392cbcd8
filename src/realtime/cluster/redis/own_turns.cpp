#include "realtime/cluster/redis/own_turns.hpp"

namespace son1k::realtime {

std::uint64_t own_turns::open(io_turn deliver) {
  auto one = std::make_shared<turn>();
  one->deliver = std::move(deliver);
  const std::lock_guard lock(mutex_);
  if (stopped_ || turns_.size() >= open_max) return 0;
  turns_.emplace(++last_, std::move(one));
  return last_;
}

void own_turns::forget(std::uint64_t mark) {
  const std::lock_guard lock(mutex_);
  turns_.erase(mark);
}

void own_turns::end(turn& one, state how) {
  one.is = how;
  if (auto waiter = std::exchange(one.waiter, nullptr)) resume_soon(std::move(waiter));
}

void own_turns::come(std::uint64_t mark, const std::string& offset) {
  std::unique_lock lock(mutex_);
  const auto found = turns_.find(mark);
  if (found == turns_.end() || found->second->is != state::open) return;
  const auto one = found->second;
  one->is = state::delivering;
  one->offset = offset;
  lock.unlock();
  // However it ends: who waits must not wait for ever.
  const std::shared_ptr<void> ended(nullptr, [&](void*) {
    lock.lock();
    end(*one, state::delivered);
  });
  one->deliver(offset);
}

boost::asio::awaitable<result<std::string>> own_turns::wait(std::uint64_t mark,
                                                            result<std::string> recorded,
                                                            std::int64_t ms) {
  std::shared_ptr<turn> one;
  {
    const std::lock_guard lock(mutex_);
    one = turns_.at(mark);
    if (one->is == state::open && !recorded) one->is = state::given_up;
    one->until = clock_.steady_ms() + ms;
  }
  std::function<void(std::shared_ptr<waiting>)> begin = [this,
                                                         one](std::shared_ptr<waiting> waiter) {
    const std::lock_guard lock(mutex_);
    one->waiter = std::move(waiter);
    if (one->is == state::open && stopped_) one->is = state::given_up;
    if (one->is == state::delivered || one->is == state::given_up) end(*one, one->is);
  };
  co_await suspend_until_resumed(std::move(begin));
  const std::lock_guard lock(mutex_);
  if (one->is == state::delivered) co_return std::move(one->offset);
  if (!recorded) co_return recorded.error();
  co_return error(errc::unavailable, "cluster",
                  {"what this node said does not come back to it from Redis in time",
                   "lo que dijo este nodo no le vuelve de Redis a tiempo"});
}

void own_turns::on_gap() {
  const std::lock_guard lock(mutex_);
  for (const auto& [mark, one] : turns_)
    if (one->is == state::open && one->waiter) end(*one, state::given_up);
}

void own_turns::on_time() {
  const auto now = clock_.steady_ms();
  const std::lock_guard lock(mutex_);
  for (const auto& [mark, one] : turns_)
    if (one->is == state::open && one->waiter && now >= one->until) end(*one, state::given_up);
}

void own_turns::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const auto& [mark, one] : turns_)
    if (one->is == state::open) end(*one, state::given_up);
}

error too_many_turns() {
  return {errc::unavailable,
          "cluster",
          {"too many broadcasts of this node wait for their turn",
           "demasiados mensajes de este nodo esperan su turno"}};
}

}  // namespace son1k::realtime
