// The `room_presence` port: who is in which room at which server, written down so that the people
// of a server that died can be said to have left. Who is there now is asked of the servers (fetch);
// this knows of those who cannot be asked any more.
//
// Thread-safe. Nothing waits: what cannot be written down now is made good a few seconds later.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace son1k::realtime {

struct present_person {
  std::string room;
  std::string socket;
  std::string person;  // JSON
};

class room_presence {
 public:
  virtual ~room_presence() = default;
  // A second time for the same room and socket: the later one holds.
  virtual void enter(present_person who) = 0;
  virtual void leave(const std::string& room, const std::string& socket) = 0;
  // `left` gets the people of servers that died, in pieces; each of them once, at one server of
  // those that live. `back` gets this server's own people if others may have been told that they
  // left. On a thread of the implementation: they must be short. Empty: nobody is told any more;
  // waits for a call under way.
  using told = std::function<void(std::vector<present_person>)>;
  virtual void watch(told left, told back) = 0;
};

}  // namespace son1k::realtime
