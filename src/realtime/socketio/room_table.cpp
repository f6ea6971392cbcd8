#include "realtime/socketio/room_table.hpp"

#include <algorithm>

namespace son1k::realtime {

room_table::room_table() = default;
room_table::~room_table() = default;

bool room_table::add(room_member& who, std::string_view id) {
  if (!ids_.emplace(id, &who).second) return false;
  who.id_ = id;
  who.index_ = static_cast<std::uint32_t>(all_.size());
  all_.push_back(&who);
  return true;
}

void room_table::remove(room_member& who) {
  while (!who.places_.empty()) take_out(who, who.places_.size() - 1);
  who.places_.shrink_to_fit();
  ids_.erase(who.id_);
  all_.back()->index_ = who.index_;
  all_[who.index_] = all_.back();
  all_.pop_back();
}

bool room_table::join(room_member& who, std::string_view name) {
  auto* where = room_of(name);
  if (where == nullptr) {
    auto made = std::make_unique<seats>();
    made->name = name;
    where = made.get();
    rooms_.emplace(where->name, std::move(made));
  } else if (std::ranges::find(who.places_, where, &room_member::place::where) !=
             who.places_.end()) {
    return false;
  }
  who.places_.push_back({where, static_cast<std::uint32_t>(where->all.size())});
  where->all.push_back({&who, static_cast<std::uint32_t>(who.places_.size() - 1)});
  return true;
}

bool room_table::leave(room_member& who, std::string_view name) {
  auto* where = room_of(name);
  if (where == nullptr) return false;
  const auto found = std::ranges::find(who.places_, where, &room_member::place::where);
  if (found == who.places_.end()) return false;
  take_out(who, static_cast<std::size_t>(found - who.places_.begin()));
  return true;
}

// The last of the room takes its seat, and its last place the place of this one.
void room_table::take_out(room_member& who, std::size_t place) {
  auto& [where, seat_index] = who.places_[place];
  auto& all = where->all;
  all[seat_index] = all.back();
  all[seat_index].who->places_[all[seat_index].place].index = seat_index;
  all.pop_back();
  if (all.empty()) rooms_.erase(rooms_.find(where->name));
  if (place + 1 < who.places_.size()) {
    who.places_[place] = who.places_.back();
    const auto& moved = who.places_[place];
    moved.where->all[moved.index].place = static_cast<std::uint32_t>(place);
  }
  who.places_.pop_back();
}

bool room_table::in(const room_member& who, std::string_view name) const {
  if (name == who.id_) return true;
  const auto* where = room_of(name);
  return where != nullptr &&
         std::ranges::any_of(who.places_, [&](const auto& each) { return each.where == where; });
}

std::vector<std::string> room_table::rooms_of(const room_member& who) const {
  std::vector<std::string> out{std::string(who.id_)};
  out.reserve(1 + who.places_.size());
  for (const auto& each : who.places_) out.push_back(each.where->name);
  return out;
}

room_member* room_table::find(std::string_view id) const {
  const auto found = ids_.find(id);
  return found == ids_.end() ? nullptr : found->second;
}

room_table::seats* room_table::room_of(std::string_view name) const {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.get();
}

void room_table::mark(const std::vector<std::string>& rooms, std::uint64_t as) {
  for (const auto& name : rooms) {
    if (const auto* where = room_of(name); where != nullptr)
      for (const auto& each : where->all) each.who->mark_ = as;
    if (auto* alone = find(name); alone != nullptr) alone->mark_ = as;
  }
}

}  // namespace son1k::realtime
