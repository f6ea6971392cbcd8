// Who is in which room, among the sockets of one namespace on one reactor. Rooms are dense lists
// from which one goes by swapping with the last, so that telling a room is a walk over memory and
// joining, leaving and ending cost nothing that grows with the room.
//
// Used by one thread. It owns rooms, not members; a member outlives its being in the table.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

class room_table;

// What the table keeps in each socket.
class room_member {
 public:
  std::size_t rooms() const { return places_.size(); }

 private:
  friend class room_table;
  struct seats;
  struct place {
    seats* where;
    std::uint32_t index;  // in its members
  };
  std::vector<place> places_;
  std::string_view id_;
  std::uint32_t index_ = 0;  // among all
  std::uint64_t mark_ = 0;   // of the last walk that met it
};

class room_table {
 public:
  room_table();
  ~room_table();

  // `id` is the name of a room that holds this member only; the view lives as long as the member.
  // False: a member has that id already.
  bool add(room_member& who, std::string_view id);
  // From all rooms, too.
  void remove(room_member& who);
  bool join(room_member& who, std::string_view room);  // false: it is in it already
  bool leave(room_member& who, std::string_view room);
  bool in(const room_member& who, std::string_view room) const;
  std::vector<std::string> rooms_of(const room_member& who) const;  // with its own id

  room_member* find(std::string_view id) const;
  bool has_room(std::string_view name) const { return rooms_.contains(name); }
  std::size_t members() const { return all_.size(); }
  std::size_t rooms() const { return rooms_.size(); }

  // Calls `told(room_member&)` once for each that is selected; it must not change the table.
  template <class Told>
  void each(const room_selection& whom, Told told);

 private:
  struct seat {
    room_member* who;
    std::uint32_t place;  // index in its places
  };
  friend class room_member;
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using seats = room_member::seats;

  seats* room_of(std::string_view name) const;
  void take_out(room_member& who, std::size_t place);
  void mark(const std::vector<std::string>& rooms, std::uint64_t as);

  std::unordered_map<std::string, std::unique_ptr<seats>, text_hash, std::equal_to<>> rooms_;
  std::unordered_map<std::string_view, room_member*> ids_;
  std::vector<room_member*> all_;
  std::uint64_t walks_ = 0;
};

struct room_member::seats {
  std::string name;
  std::vector<room_table::seat> all;
};

template <class Told>
void room_table::each(const room_selection& whom, Told told) {
  const bool plain = whom.except.empty() && whom.rooms.size() == 1;
  if (plain) {
    const auto* where = room_of(whom.rooms.front());
    auto* alone = find(whom.rooms.front());
    if (where != nullptr)
      for (const auto& each : where->all)
        if (each.who != alone) told(*each.who);
    if (alone != nullptr) told(*alone);
    return;
  }
  const auto now = ++walks_;
  mark(whom.except, now);
  const auto once = [&](room_member& who) {
    if (who.mark_ == now) return;
    who.mark_ = now;
    told(who);
  };
  if (whom.rooms.empty()) {
    for (auto* who : all_) once(*who);
    return;
  }
  for (const auto& name : whom.rooms) {
    if (const auto* where = room_of(name); where != nullptr)
      for (const auto& each : where->all) once(*each.who);
    if (auto* alone = find(name); alone != nullptr) once(*alone);
  }
}

}  // namespace son1k::realtime
