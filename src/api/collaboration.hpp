// /api/collaboration: rooms, who is in them, who is invited, what was said. What lasts of them is
// in the database; the same rooms are live over Socket.IO (api/realtime/room_talk). A room that the
// caller may not know of is not found, by whichever call.
#pragma once
#include <memory>

#include "api/endpoint.hpp"
#include "api/room_bell.hpp"
#include "api/services.hpp"
#include "realtime/rooms/database/database_rooms.hpp"

namespace son1k::api {

// What the calls share. The services outlive it.
struct collaboration {
  collaboration(const services& in, std::shared_ptr<room_bell> told)
      : with(in), rooms(in.database, in.clock), bell(std::move(told)) {}
  const services with;
  realtime::database_rooms rooms;
  const std::shared_ptr<room_bell> bell;
};
using collaboration_ptr = std::shared_ptr<collaboration>;

inline constexpr std::size_t room_body_bytes_max = 32'768;
inline constexpr std::int64_t room_page_max = 100;

// The id of a room in the path. not_found: it cannot be one.
result<std::string> room_id_of(const net::http_request& request);

// Rooms: list, create, get, edit, delete, join, leave; and the calls below.
void bind_collaboration(endpoint_table& routes, const services& with,
                        std::shared_ptr<room_bell> bell);
void bind_room_people(endpoint_table& routes, const collaboration_ptr& with);
void bind_room_messages(endpoint_table& routes, const collaboration_ptr& with);

}  // namespace son1k::api
