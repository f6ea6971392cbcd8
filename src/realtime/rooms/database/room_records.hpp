// The rows of rooms: what is stored of them and how it is found again. Statements only, and what a
// caller may see. Names of people are read from the table `account`. Calls run inside a unit of
// work or a read of the database, on its threads.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "realtime/rooms/room_book.hpp"
#include "store/database.hpp"

namespace son1k::realtime {

struct room {
  std::string id;
  std::string owner;
  std::string name;
  std::string description;
  bool is_public = false;
  std::int64_t version = 1;
  std::int64_t members = 1;
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
};

// A room as somebody sees it: as what they are in it, or invited to it as (the most of it).
struct seen_room {
  room row;
  std::optional<room_role> role;
  std::optional<room_role> invited;
};

struct room_member {
  std::string user;
  std::string name;
  room_role role = room_role::viewer;
  std::int64_t joined_at_ms = 0;
};

struct room_invitation {
  std::string id;
  std::string room;
  std::string user;   // or else
  std::string login;  // the e-mail in lower case
  room_role role = room_role::viewer;
  std::string invited_by;
  std::int64_t created_at_ms = 0;
  std::int64_t expires_at_ms = 0;
  std::string room_name;     // read only
  std::string inviter_name;  // read only
};

enum class room_scope : std::uint8_t { all, mine, open };
struct room_query {
  std::string user;
  room_scope scope = room_scope::all;
  std::string search;  // part of the name, whatever its case; empty: any
  std::string before;  // id of the last row of the page before; empty: the newest
  std::int64_t limit = 50;
};

error no_room();
error no_member();
error no_invitation();

// not_found: there is none, or none that this user may know of.
result<seen_room> see_room(store::connection& db, std::string_view user, std::string_view id,
                           std::int64_t now_ms);
// As see_room(), and the user is in it as that at least. forbidden.
result<seen_room> see_room_as(store::connection& db, std::string_view user, std::string_view id,
                              room_role least, std::int64_t now_ms);
result<std::optional<room_role>> role_in_room(store::connection& db, std::string_view user,
                                              std::string_view room);
// Newest first.
result<std::vector<seen_room>> list_rooms(store::connection& db, const room_query& query);
// By their ids, after `after`.
result<std::vector<room_member>> list_members(store::connection& db, std::string_view room,
                                              std::string_view after, std::int64_t limit);
// Newest first, with a number below `before` (0: any).
result<std::vector<room_message>> list_messages(store::connection& db, std::string_view room,
                                                std::int64_t before, std::int64_t limit);
// To the user, or with `room` those of the room; newest first, those that hold.
result<std::vector<room_invitation>> list_invitations(store::connection& db, std::string_view user,
                                                      std::string_view room, std::int64_t now_ms,
                                                      std::int64_t limit);

result<std::int64_t> count_owned_rooms(store::connection& db, std::string_view user);
result<std::int64_t> count_joined_rooms(store::connection& db, std::string_view user);

result<void> insert_room(store::connection& db, const room& row);
// False: it has `most` members.
result<bool> add_member(store::connection& db, std::string_view room, std::string_view user,
                        room_role role, std::int64_t now_ms, std::int64_t most);
// False: it is none.
result<bool> remove_member(store::connection& db, std::string_view room, std::string_view user);
// False: it is none.
result<bool> set_member_role(store::connection& db, std::string_view room, std::string_view user,
                             room_role role);
result<void> delete_room(store::connection& db, std::string_view id);
// Those of the room that are for this user.
result<void> delete_invitations_of(store::connection& db, std::string_view room,
                                   std::string_view user);
// Numbers the message, and forgets those that are `kept` older.
result<void> insert_message(store::connection& db, const room_message& what, std::int64_t kept);
// For the servers that have the room live.
result<void> note_change(store::connection& db, std::string_view room, std::int64_t now_ms);

}  // namespace son1k::realtime
