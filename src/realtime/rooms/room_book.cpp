#include "realtime/rooms/room_book.hpp"

#include <algorithm>

namespace son1k::realtime {

std::string_view name_of(room_role role) {
  return room_role_names[static_cast<std::size_t>(role)];
}

std::optional<room_role> room_role_of(std::string_view name) {
  const auto found = std::ranges::find(room_role_names, name);
  if (found == std::end(room_role_names)) return std::nullopt;
  return static_cast<room_role>(found - std::begin(room_role_names));
}

}  // namespace son1k::realtime
