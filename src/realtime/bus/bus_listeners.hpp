// Who listens to a node's bus.
//
// Threads: add() from any, also within a call; the others from one at a time.
#pragma once
#include <mutex>
#include <vector>

#include "realtime/bus/bus.hpp"

namespace son1k::realtime {

class bus_listeners {
 public:
  bus_listening add(bus_listener listener);
  void tell(const bus_message& message);
  void tell_own(const bus_message& message);
  void tell_gap();
  void tell_passed_over(const std::string& offset);

 private:
  struct entry {
    explicit entry(bus_listener l) : listener(std::move(l)) {}
    const bus_listener listener;
    std::recursive_mutex busy;  // held during a call: the end of the listening waits for it
    bool ended = false;
  };
  void call_all(const std::function<void(const bus_listener&)>& call);

  std::mutex mutex_;
  std::vector<std::weak_ptr<entry>> entries_;
};

}  // namespace son1k::realtime
