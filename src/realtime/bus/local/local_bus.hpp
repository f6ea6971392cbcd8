// The bus of nodes in one process, usually a single one. What is kept is in memory and goes with
// the process.
#pragma once
#include "base/clock.hpp"
#include "realtime/bus/bus.hpp"

namespace son1k::realtime {

struct local_bus_settings {
  std::size_t messages_max = 10'000;  // kept for since()
  std::size_t message_bytes_max = 64u << 20;
  std::size_t sessions_max = 100'000;
};

// What the nodes share. Thread-safe.
class local_exchange;
std::shared_ptr<local_exchange> make_local_exchange(const clock_port& clock,
                                                    local_bus_settings settings = {});

std::unique_ptr<bus> make_local_bus(std::shared_ptr<local_exchange> shared);

}  // namespace son1k::realtime
