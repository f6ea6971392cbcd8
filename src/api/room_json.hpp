// Rooms, members, invitations and messages as clients get them, over HTTP and over Socket.IO alike;
// and what they send to make and edit them. Pure functions; thread-safe.
#pragma once
#include <boost/json/object.hpp>

#include "net/http_message.hpp"
#include "realtime/rooms/database/database_rooms.hpp"

namespace son1k::api {

inline constexpr std::size_t room_search_points_max = 100;

boost::json::object to_json(const realtime::seen_room& one);
boost::json::object to_json(const realtime::room_member& one);
boost::json::object to_json(const realtime::room_invitation& one);
boost::json::object to_json(const realtime::room_message& one);

// Each names the first field that is wrong or unknown: validation, malformed.
result<realtime::new_room> read_new_room(const net::http_request& request);
result<realtime::room_edit> read_room_edit(const net::http_request& request);
// The role that is given in {"role"}.
result<realtime::room_role> read_role(const net::http_request& request);
// {email} or {userId}, and the role: editor where nothing is said, never the owner's.
result<realtime::new_invitation> read_invitation(const net::http_request& request);
result<realtime::new_room_message> read_room_message(const net::http_request& request);
// A request whose body says nothing: none, or {}.
result<void> read_nothing(const net::http_request& request);

}  // namespace son1k::api
