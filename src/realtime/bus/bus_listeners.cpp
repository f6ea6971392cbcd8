#include "realtime/bus/bus_listeners.hpp"

namespace son1k::realtime {

bus_listening bus_listeners::add(bus_listener listener) {
  auto made = std::make_shared<entry>(std::move(listener));
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [](const auto& each) { return each.expired(); });
  entries_.push_back(made);
  return {made.get(), [made](void*) {
            const std::lock_guard busy(made->busy);
            made->ended = true;
          }};
}

void bus_listeners::tell(const std::optional<bus_message>& message) {
  std::unique_lock lock(mutex_);
  const auto now = entries_;
  lock.unlock();
  for (const auto& each : now)
    if (const auto to = each.lock()) call(*to, message);
}

void bus_listeners::call(entry& to, const std::optional<bus_message>& message) {
  const std::lock_guard busy(to.busy);
  if (to.ended) return;
  if (message)
    to.listener.message(*message);
  else if (to.listener.gap)
    to.listener.gap();
}

}  // namespace son1k::realtime
