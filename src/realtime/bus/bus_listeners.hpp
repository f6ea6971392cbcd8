// Who listens to a node's bus.
//
// Threads: add() from any, also within a call; tell() from one at a time.
#pragma once
#include <mutex>
#include <optional>
#include <vector>

#include "realtime/bus/bus.hpp"

namespace son1k::realtime {

class bus_listeners {
 public:
  bus_listening add(bus_listener listener);
  // Nothing: a gap.
  void tell(const std::optional<bus_message>& message);

 private:
  struct entry {
    explicit entry(bus_listener l) : listener(std::move(l)) {}
    const bus_listener listener;
    std::recursive_mutex busy;  // held during a call: the end of the listening waits for it
    bool ended = false;
  };
  static void call(entry& to, const std::optional<bus_message>& message);

  std::mutex mutex_;
  std::vector<std::weak_ptr<entry>> entries_;
};

}  // namespace son1k::realtime
