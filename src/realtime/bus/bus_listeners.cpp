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

void bus_listeners::tell(const bus_message& message) {
  call_all([&](const bus_listener& to) { to.message(message); });
}

void bus_listeners::tell_own(const bus_message& message) {
  call_all([&](const bus_listener& to) {
    if (to.own) to.own(message);
  });
}

void bus_listeners::tell_gap() {
  call_all([](const bus_listener& to) {
    if (to.gap) to.gap();
  });
}

void bus_listeners::tell_passed_over(const std::string& offset) {
  call_all([&](const bus_listener& to) {
    if (to.passed_over) to.passed_over(offset);
  });
}

void bus_listeners::call_all(const std::function<void(const bus_listener&)>& call) {
  std::unique_lock lock(mutex_);
  const auto now = entries_;
  lock.unlock();
  for (const auto& each : now) {
    const auto to = each.lock();
    if (!to) continue;
    const std::lock_guard busy(to->busy);
    if (!to->ended) call(to->listener);
  }
}

}  // namespace son1k::realtime
