// The rooms of one process, in memory: they go with it.
#pragma once
#include "base/clock.hpp"
#include "realtime/rooms/room_store.hpp"

namespace son1k::realtime {

struct local_room_settings {
  std::size_t rooms_max = 1'000;
  std::size_t bytes_max = 32u << 20;  // of all states
};

std::unique_ptr<room_store> make_local_room_store(const clock_port& clock,
                                                  local_room_settings settings = {});

}  // namespace son1k::realtime
