// A single process: when it dies there is nobody who could be told.
#pragma once
#include "realtime/rooms/presence.hpp"

namespace son1k::realtime {

class local_presence final : public room_presence {
 public:
  void enter(present_person) override {}
  void leave(const std::string&, const std::string&) override {}
  void watch(told, told) override {}
};

}  // namespace son1k::realtime
