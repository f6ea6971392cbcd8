#include "realtime/rooms/database/room_records.hpp"

#include <algorithm>
#include <limits>

#include "base/uuid.hpp"

namespace son1k::realtime {
namespace {

using store::statement;

constexpr std::string_view room_columns =
    "r.id, r.owner, r.name, r.description, r.is_public, r.version, r.members, r.created_at_ms, "
    "r.updated_at_ms";
constexpr int room_column_count = 9;
constexpr std::int64_t change_kept_ms = 3'600'000;

room read_room(const store::row& r) {
  room out;
  out.id = r.text(0);
  out.owner = r.text(1);
  out.name = r.text(2);
  out.description = r.text(3);
  out.is_public = r.integer(4) != 0;
  out.version = r.integer(5);
  out.members = r.integer(6);
  out.created_at_ms = r.integer(7);
  out.updated_at_ms = r.integer(8);
  return out;
}

seen_room read_seen(const store::row& r) {
  seen_room out;
  out.row = read_room(r);
  out.role = room_role_of(r.text(room_column_count));
  return out;
}

// The pattern of LIKE that finds `part` anywhere; its own signs stand for themselves.
std::string pattern_of(std::string_view part) {
  if (part.empty()) return {};
  std::string out = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

// Of invitations i that hold and are for the account whose id is the first parameter.
constexpr std::string_view for_account =
    "(i.account = $1 OR (i.login <> '' AND i.login = "
    "(SELECT COALESCE(a.login, lower(a.email)) FROM account a WHERE a.id = $1)))";

error join_first() {
  return {errc::forbidden, "id",
          text("join this room first", "entre primero en esta sala como miembro")};
}

error not_as_that(room_role least) {
  const std::string name(name_of(least));
  return {
      errc::forbidden, "id",
      text("in this room that needs the role " + name, "en esta sala eso requiere el rol " + name)};
}

result<std::int64_t> count_of(store::connection& db, const statement& sql, std::string_view user) {
  std::int64_t out = 0;
  auto done = db.query(sql, {user}, [&out](const store::row& r) {
    out = r.integer(0);
    return false;
  });
  if (!done) return done.error();
  return out;
}

}  // namespace

error no_room() {
  return {errc::not_found, "id",
          text("there is no room with this id", "no hay ninguna sala con este id")};
}

error no_member() {
  return {errc::not_found, "userId",
          text("there is no such member in this room", "no hay ningún miembro así en esta sala")};
}

error no_invitation() {
  return {errc::not_found, "invitationId",
          text("there is no such invitation", "no hay ninguna invitación así")};
}

result<seen_room> see_room(store::connection& db, std::string_view user, std::string_view id,
                           std::int64_t now_ms) {
  static const statement select(
      "SELECT " + std::string(room_columns) +
      ", m.role, (SELECT min(i.role) FROM room_invitation i WHERE i.room = r.id AND "
      "i.expires_at_ms > $3 AND " +
      std::string(for_account) +
      ") FROM room r LEFT JOIN room_member m ON m.room = r.id AND m.account = $1 "
      "WHERE r.id = $2");
  std::optional<seen_room> found;
  auto done = db.query(select, {user, id, now_ms}, [&](const store::row& r) {
    found = read_seen(r);
    found->invited = room_role_of(r.text(room_column_count + 1));
    return false;
  });
  if (!done) return done.error();
  if (!found || (!found->role && !found->invited && !found->row.is_public)) return no_room();
  return std::move(*found);
}

result<seen_room> see_room_as(store::connection& db, std::string_view user, std::string_view id,
                              room_role least, std::int64_t now_ms) {
  auto seen = see_room(db, user, id, now_ms);
  if (!seen) return seen;
  if (!seen->role) return join_first();
  if (*seen->role < least) return not_as_that(least);
  return seen;
}

result<std::optional<room_role>> role_in_room(store::connection& db, std::string_view user,
                                              std::string_view room) {
  static const statement select("SELECT role FROM room_member WHERE room = $1 AND account = $2");
  std::optional<room_role> out;
  auto done = db.query(select, {room, user}, [&out](const store::row& r) {
    out = room_role_of(r.text(0));
    return false;
  });
  if (!done) return done.error();
  return out;
}

result<std::vector<seen_room>> list_rooms(store::connection& db, const room_query& query) {
  static const std::string page =
      " AND ($2 = '' OR r.id < $2) AND ($3 = '' OR lower(r.name) LIKE lower($3) ESCAPE '\\') "
      "ORDER BY r.id DESC LIMIT $4";
  static const statement mine("SELECT " + std::string(room_columns) +
                              ", m.role FROM room_member m JOIN room r ON r.id = m.room "
                              "WHERE m.account = $1" +
                              page);
  static const statement open("SELECT " + std::string(room_columns) +
                              ", m.role FROM room r LEFT JOIN room_member m ON m.room = r.id AND "
                              "m.account = $1 WHERE r.is_public = 1" +
                              page);
  const auto pattern = pattern_of(query.search);
  std::vector<seen_room> out;
  for (const auto* sql : {&mine, &open}) {
    if (sql == &mine && query.scope == room_scope::open) continue;
    if (sql == &open && query.scope == room_scope::mine) continue;
    auto done = db.query(*sql,
                         {std::string_view(query.user), std::string_view(query.before),
                          std::string_view(pattern), query.limit},
                         [&out](const store::row& r) {
                           out.push_back(read_seen(r));
                           return true;
                         });
    if (!done) return done.error();
  }
  const auto newer = [](const auto& a, const auto& b) { return a.row.id > b.row.id; };
  const auto same = [](const auto& a, const auto& b) { return a.row.id == b.row.id; };
  std::ranges::sort(out, newer);
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  if (out.size() > static_cast<std::size_t>(query.limit))
    out.erase(out.begin() + query.limit, out.end());
  return out;
}

result<std::vector<room_member>> list_members(store::connection& db, std::string_view room,
                                              std::string_view after, std::int64_t limit) {
  static const statement select(
      "SELECT m.account, COALESCE(a.name, m.account), m.role, m.joined_at_ms FROM room_member m "
      "LEFT JOIN account a ON a.id = m.account WHERE m.room = $1 AND m.account > $2 "
      "ORDER BY m.account LIMIT $3");
  std::vector<room_member> out;
  auto done = db.query(select, {room, after, limit}, [&out](const store::row& r) {
    out.push_back({std::string(r.text(0)), std::string(r.text(1)),
                   room_role_of(r.text(2)).value_or(room_role::viewer), r.integer(3)});
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::vector<room_message>> list_messages(store::connection& db, std::string_view room,
                                                std::int64_t before, std::int64_t limit) {
  static const statement select(
      "SELECT id, account, name, type, body, number, at_ms FROM room_message WHERE room = $1 AND "
      "number < $2 ORDER BY number DESC LIMIT $3");
  const auto below = before == 0 ? std::numeric_limits<std::int64_t>::max() : before;
  std::vector<room_message> out;
  auto done = db.query(select, {room, below, limit}, [&](const store::row& r) {
    room_message one;
    one.id = r.text(0);
    one.room = room;
    one.user = r.text(1);
    one.name = r.text(2);
    one.type = r.text(3);
    one.body = r.text(4);
    one.number = r.integer(5);
    one.at_ms = r.integer(6);
    out.push_back(std::move(one));
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::vector<room_invitation>> list_invitations(store::connection& db, std::string_view user,
                                                      std::string_view room, std::int64_t now_ms,
                                                      std::int64_t limit) {
  static const std::string select =
      "SELECT i.id, i.room, i.account, i.login, i.role, i.invited_by, i.created_at_ms, "
      "i.expires_at_ms, r.name, COALESCE(b.name, i.invited_by) FROM room_invitation i "
      "JOIN room r ON r.id = i.room LEFT JOIN account b ON b.id = i.invited_by WHERE ";
  static const std::string held = " AND i.expires_at_ms > $2 ORDER BY i.id DESC LIMIT $3";
  static const statement to_user(select + std::string(for_account) + held);
  static const statement of_room(select + "i.room = $1" + held);
  std::vector<room_invitation> out;
  const auto whose = room.empty() ? user : room;
  auto done = db.query(room.empty() ? to_user : of_room, {whose, now_ms, limit},
                       [&out](const store::row& r) {
                         room_invitation one;
                         one.id = r.text(0);
                         one.room = r.text(1);
                         one.user = r.text(2);
                         one.login = r.text(3);
                         one.role = room_role_of(r.text(4)).value_or(room_role::viewer);
                         one.invited_by = r.text(5);
                         one.created_at_ms = r.integer(6);
                         one.expires_at_ms = r.integer(7);
                         one.room_name = r.text(8);
                         one.inviter_name = r.text(9);
                         out.push_back(std::move(one));
                         return true;
                       });
  if (!done) return done.error();
  return out;
}

result<std::int64_t> count_owned_rooms(store::connection& db, std::string_view user) {
  static const statement count("SELECT count(*) FROM room WHERE owner = $1");
  return count_of(db, count, user);
}

result<std::int64_t> count_joined_rooms(store::connection& db, std::string_view user) {
  static const statement count("SELECT count(*) FROM room_member WHERE account = $1");
  return count_of(db, count, user);
}

result<void> insert_room(store::connection& db, const room& row) {
  static const statement insert(
      "INSERT INTO room (id, owner, name, description, is_public, version, members, said, "
      "created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8)");
  auto sent = db.send(
      insert, {std::string_view(row.id), std::string_view(row.owner), std::string_view(row.name),
               std::string_view(row.description), std::int64_t{row.is_public}, row.version,
               row.created_at_ms, row.updated_at_ms});
  if (!sent) return sent;
  auto added = add_member(db, row.id, row.owner, room_role::owner, row.created_at_ms, 1);
  if (!added) return added.error();
  return {};
}

result<bool> add_member(store::connection& db, std::string_view room, std::string_view user,
                        room_role role, std::int64_t now_ms, std::int64_t most) {
  static const statement count(
      "UPDATE room SET members = members + 1 WHERE id = $1 AND members < $2");
  static const statement insert(
      "INSERT INTO room_member (room, account, role, joined_at_ms) VALUES ($1, $2, $3, $4)");
  auto counted = db.execute(count, {room, most});
  if (!counted) return counted.error();
  if (*counted == 0) return false;
  auto sent = db.send(insert, {room, user, name_of(role), now_ms});
  if (!sent) return sent.error();
  return true;
}

result<bool> remove_member(store::connection& db, std::string_view room, std::string_view user) {
  static const statement remove("DELETE FROM room_member WHERE room = $1 AND account = $2");
  static const statement count("UPDATE room SET members = members - 1 WHERE id = $1");
  auto gone = db.execute(remove, {room, user});
  if (!gone) return gone.error();
  if (*gone == 0) return false;
  auto sent = db.send(count, {room});
  if (!sent) return sent.error();
  return true;
}

result<bool> set_member_role(store::connection& db, std::string_view room, std::string_view user,
                             room_role role) {
  static const statement set("UPDATE room_member SET role = $3 WHERE room = $1 AND account = $2");
  auto changed = db.execute(set, {room, user, name_of(role)});
  if (!changed) return changed.error();
  return *changed == 1;
}

result<void> delete_room(store::connection& db, std::string_view id) {
  static const statement parts[] = {statement("DELETE FROM room WHERE id = $1"),
                                    statement("DELETE FROM room_member WHERE room = $1"),
                                    statement("DELETE FROM room_invitation WHERE room = $1"),
                                    statement("DELETE FROM room_message WHERE room = $1")};
  for (const auto& one : parts) {
    auto sent = db.send(one, {id});
    if (!sent) return sent;
  }
  return {};
}

result<void> delete_invitations_of(store::connection& db, std::string_view room,
                                   std::string_view user) {
  static const statement remove(
      "DELETE FROM room_invitation WHERE id IN (SELECT i.id FROM room_invitation i WHERE "
      "i.room = $2 AND " +
      std::string(for_account) + ")");
  return db.send(remove, {user, room});
}

result<void> insert_message(store::connection& db, const room_message& what, std::int64_t kept) {
  static const statement count("UPDATE room SET said = said + 1 WHERE id = $1");
  static const statement said("SELECT said FROM room WHERE id = $1");
  static const statement insert(
      "INSERT INTO room_message (room, number, id, account, name, type, body, at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
  static const statement forget("DELETE FROM room_message WHERE room = $1 AND number <= $2");
  constexpr std::int64_t forgotten_at_once = 100;
  const std::string_view room(what.room);
  auto counted = db.execute(count, {room});
  if (!counted) return counted.error();
  if (*counted == 0) return no_room();  // deleted in between
  auto number = count_of(db, said, room);
  if (!number) return number.error();
  auto sent =
      db.send(insert, {room, *number, std::string_view(what.id), std::string_view(what.user),
                       std::string_view(what.name), std::string_view(what.type),
                       std::string_view(what.body), what.at_ms});
  if (!sent || *number <= kept || *number % forgotten_at_once != 0) return sent;
  return db.send(forget, {room, *number - kept});
}

result<void> note_change(store::connection& db, std::string_view room, std::int64_t now_ms) {
  static const statement insert("INSERT INTO room_change (id, room, at_ms) VALUES ($1, $2, $3)");
  static const statement forget("DELETE FROM room_change WHERE at_ms < $1");
  const auto id = uuid_v7();
  auto sent = db.send(insert, {std::string_view(id), room, now_ms});
  if (!sent) return sent;
  return db.send(forget, {now_ms - change_kept_ms});
}

}  // namespace son1k::realtime
