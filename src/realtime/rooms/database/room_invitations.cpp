// Invitations: who may join, until when, and how that is taken back.
#include "base/uuid.hpp"
#include "realtime/rooms/database/database_rooms.hpp"
#include "store/async.hpp"

namespace son1k::realtime {
namespace {

using store::connection;
using store::statement;

error no_account() {
  return {errc::validation, "userId",
          text("there is no account with this id", "no hay ninguna cuenta con este id")};
}

error already_member() {
  return {errc::conflict, "userId",
          text("is a member of this room already", "ya es miembro de esta sala")};
}

error too_many_invited() {
  return {errc::conflict, "invitations",
          text("100 people are invited already; withdraw an invitation first",
               "ya hay 100 personas invitadas; retire una invitación primero")};
}

result<bool> account_is_there(connection& db, std::string_view id) {
  static const statement select("SELECT 1 FROM account WHERE id = $1 AND disabled_at_ms = 0");
  bool there = false;
  auto done = db.query(select, {id}, [&there](const store::row&) {
    there = true;
    return false;
  });
  if (!done) return done.error();
  return there;
}

result<std::int64_t> count_invitations(connection& db, std::string_view room) {
  static const statement count("SELECT count(*) FROM room_invitation WHERE room = $1");
  std::int64_t out = 0;
  auto done = db.query(count, {room}, [&out](const store::row& r) {
    out = r.integer(0);
    return false;
  });
  if (!done) return done.error();
  return out;
}

// Those that hold no longer, and one for the same person.
result<void> make_place(connection& db, const room_invitation& row) {
  static const statement remove(
      "DELETE FROM room_invitation WHERE room = $1 AND "
      "(expires_at_ms <= $2 OR (account = $3 AND login = $4))");
  return db.send(remove, {std::string_view(row.room), row.created_at_ms, std::string_view(row.user),
                          std::string_view(row.login)});
}

result<void> insert_invitation(connection& db, const room_invitation& row) {
  static const statement insert(
      "INSERT INTO room_invitation (id, room, account, login, role, invited_by, created_at_ms, "
      "expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
  return db.send(insert,
                 {std::string_view(row.id), std::string_view(row.room), std::string_view(row.user),
                  std::string_view(row.login), name_of(row.role), std::string_view(row.invited_by),
                  row.created_at_ms, row.expires_at_ms});
}

result<void> invite(connection& db, const room_invitation& row) {
  if (auto locked = db.lock("room." + row.room); !locked) return locked;
  auto seen = see_room_as(db, row.invited_by, row.room, room_role::owner, row.created_at_ms);
  if (!seen) return seen.error();
  if (!row.user.empty()) {
    auto there = account_is_there(db, row.user);
    if (!there) return there.error();
    if (!*there) return no_account();
    auto role = role_in_room(db, row.user, row.room);
    if (!role) return role.error();
    if (role->has_value()) return already_member();
  }
  if (auto ok = make_place(db, row); !ok) return ok;
  auto open = count_invitations(db, row.room);
  if (!open) return open.error();
  if (*open >= room_invitations_max) return too_many_invited();
  return insert_invitation(db, row);
}

}  // namespace

room_invitation database_rooms::stage_invitation(store::transaction& tx,
                                                 new_invitation asked) const {
  room_invitation row;
  row.id = uuid_v7();
  row.room = std::move(asked.room);
  row.user = std::move(asked.user);
  row.login = std::move(asked.login);
  row.role = asked.role;
  row.invited_by = std::move(asked.by);
  row.created_at_ms = clock_.now_ms();
  row.expires_at_ms = row.created_at_ms + invitation_ms;
  tx.stage([row](connection& db) { return invite(db, row); });
  return row;
}

database_rooms::later<std::string> database_rooms::account_of(room_invitation invitation) {
  if (!invitation.user.empty()) co_return invitation.user;
  auto read = [login = invitation.login](connection& db) -> result<std::string> {
    static const statement select("SELECT id FROM account WHERE login = $1");
    std::string out;
    auto done = db.query(select, {std::string_view(login)}, [&out](const store::row& r) {
      out = r.text(0);
      return false;
    });
    if (!done) return done.error();
    return out;
  };
  co_return co_await store::async_read(db_, std::move(read));
}

database_rooms::later<std::vector<room_invitation>> database_rooms::invitations_to(
    std::string user) {
  auto read = [user, now = clock_.now_ms()](connection& db) {
    return list_invitations(db, user, "", now, room_invitations_max);
  };
  co_return co_await store::async_read(db_, std::move(read));
}

database_rooms::later<std::vector<room_invitation>> database_rooms::invitations_of(std::string user,
                                                                                   std::string id) {
  auto read = [user, id,
               now = clock_.now_ms()](connection& db) -> result<std::vector<room_invitation>> {
    auto seen = see_room_as(db, user, id, room_role::owner, now);
    if (!seen) return seen.error();
    return list_invitations(db, "", id, now, room_invitations_max);
  };
  co_return co_await store::async_read(db_, std::move(read));
}

database_rooms::later<void> database_rooms::withdraw(std::string user, std::string invitation) {
  store::transaction tx;
  tx.stage([user, invitation](connection& db) -> result<void> {
    static const statement remove(
        "DELETE FROM room_invitation WHERE id = $1 AND (account = $2 OR "
        "room IN (SELECT r.id FROM room r WHERE r.owner = $2) OR (login <> '' AND login = "
        "(SELECT COALESCE(a.login, lower(a.email)) FROM account a WHERE a.id = $2)))");
    auto gone = db.execute(remove, {std::string_view(invitation), std::string_view(user)});
    if (!gone) return gone.error();
    if (*gone == 0) return no_invitation();
    return {};
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

}  // namespace son1k::realtime
