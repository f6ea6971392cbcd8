#include "realtime/rooms/database/database_rooms.hpp"

#include <algorithm>

#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::realtime {
namespace {

using store::connection;
using store::statement;

// Servers may differ by that much in their clocks, and a commit may take that long.
constexpr std::int64_t looked_back_ms = 120'000;
constexpr std::int64_t changes_read_max = 10'000;

std::string lock_of(std::string_view room) {
  return "room." + std::string(room);
}

error too_many_rooms() {
  return {errc::conflict, "rooms",
          text("this account has 100 rooms already; delete one first",
               "esta cuenta ya tiene 100 salas; elimine una primero")};
}

error in_too_many() {
  return {errc::conflict, "rooms",
          text("this account is in 200 rooms already; leave one first",
               "esta cuenta ya está en 200 salas; salga de una primero")};
}

error room_is_full() {
  return {errc::conflict, "id",
          text("this room has as many members as it may", "esta sala ya está completa")};
}

error edited_meanwhile() {
  return {errc::conflict, "version",
          text("is not the newest: somebody else has changed the room",
               "no es la más reciente: otra persona cambió la sala")};
}

error owner_stays() {
  return {errc::conflict, "userId",
          text("the owner stays: make somebody else the owner, or delete the room",
               "quien es dueño se queda: haga dueña a otra persona, o elimine la sala")};
}

result<void> check_owned(connection& db, std::string_view user) {
  auto owned = count_owned_rooms(db, user);
  if (!owned) return owned.error();
  if (*owned >= rooms_owned_max) return too_many_rooms();
  return {};
}

result<void> check_joined(connection& db, std::string_view user) {
  auto joined = count_joined_rooms(db, user);
  if (!joined) return joined.error();
  if (*joined >= rooms_joined_max) return in_too_many();
  return {};
}

// As what somebody who is no member yet may join.
result<room_role> role_of_joiner(const seen_room& seen) {
  if (seen.invited && seen.row.is_public) return std::max(*seen.invited, room_role::editor);
  if (seen.invited) return *seen.invited;
  if (seen.row.is_public) return room_role::editor;
  return no_room();
}

result<void> update_room(connection& db, const room& row) {
  static const statement update(
      "UPDATE room SET name = $2, description = $3, is_public = $4, version = $5, "
      "updated_at_ms = $6 WHERE id = $1");
  return db.send(update, {std::string_view(row.id), std::string_view(row.name),
                          std::string_view(row.description), std::int64_t{row.is_public},
                          row.version, row.updated_at_ms});
}

result<void> update_owner(connection& db, std::string_view room, std::string_view user) {
  static const statement update("UPDATE room SET owner = $2 WHERE id = $1");
  return db.send(update, {room, user});
}

result<void> keep_message(connection& db, const room_message& what) {
  auto seen = see_room_as(db, what.user, what.room, room_role::editor, what.at_ms);
  if (!seen) return seen.error();
  return insert_message(db, what, room_messages_kept);
}

}  // namespace

room database_rooms::stage_new(store::transaction& tx, new_room asked) const {
  room row;
  row.id = uuid_v7();
  row.owner = std::move(asked.owner);
  row.name = std::move(asked.name);
  row.description = std::move(asked.description);
  row.is_public = asked.is_public;
  row.created_at_ms = row.updated_at_ms = clock_.now_ms();
  tx.stage([row](connection& db) -> result<void> {
    if (auto locked = db.lock("room_owner." + row.owner); !locked) return locked;
    if (auto ok = check_owned(db, row.owner); !ok) return ok;
    if (auto ok = check_joined(db, row.owner); !ok) return ok;
    return insert_room(db, row);
  });
  return row;
}

database_rooms::later<seen_room> database_rooms::find(std::string user, std::string id) {
  auto read = [user, id, now = clock_.now_ms()](connection& db) {
    return see_room(db, user, id, now);
  };
  co_return co_await store::async_read(db_, std::move(read));
}

database_rooms::later<std::vector<seen_room>> database_rooms::list(room_query query) {
  auto read = [query = std::move(query)](connection& db) { return list_rooms(db, query); };
  co_return co_await store::async_read(db_, std::move(read));
}

database_rooms::later<seen_room> database_rooms::change(std::string user, std::string id,
                                                        room_edit to) {
  auto out = std::make_shared<seen_room>();
  store::transaction tx;
  tx.stage([user, id, to, out, now = clock_.now_ms()](connection& db) -> result<void> {
    if (auto locked = db.lock(lock_of(id)); !locked) return locked;
    auto seen = see_room_as(db, user, id, room_role::owner, now);
    if (!seen) return seen.error();
    if (to.version && *to.version != seen->row.version) return edited_meanwhile();
    auto& row = seen->row;
    if (to.name) row.name = *to.name;
    if (to.description) row.description = *to.description;
    if (to.is_public) row.is_public = *to.is_public;
    ++row.version;
    row.updated_at_ms = now;
    *out = *seen;
    return update_room(db, row);
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return std::move(*out);
}

database_rooms::later<void> database_rooms::remove(std::string user, std::string id) {
  store::transaction tx;
  tx.stage([user, id, now = clock_.now_ms()](connection& db) -> result<void> {
    if (auto locked = db.lock(lock_of(id)); !locked) return locked;
    auto seen = see_room_as(db, user, id, room_role::owner, now);
    if (!seen) return seen.error();
    if (auto gone = delete_room(db, id); !gone) return gone;
    return note_change(db, id, now);
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

database_rooms::later<room_role> database_rooms::join(std::string user, std::string id) {
  auto out = std::make_shared<room_role>();
  store::transaction tx;
  tx.stage([user, id, out, now = clock_.now_ms()](connection& db) -> result<void> {
    // In this order everywhere, so that nobody waits for somebody who waits for them.
    if (auto locked = db.lock("room_owner." + user); !locked) return locked;
    if (auto locked = db.lock(lock_of(id)); !locked) return locked;
    auto seen = see_room(db, user, id, now);
    if (!seen) return seen.error();
    if (seen->role) {
      *out = *seen->role;
      return delete_invitations_of(db, id, user);
    }
    auto role = role_of_joiner(*seen);
    if (!role) return role.error();
    if (auto ok = check_joined(db, user); !ok) return ok;
    auto added = add_member(db, id, user, *role, now, room_members_max);
    if (!added) return added.error();
    if (!*added) return room_is_full();
    *out = *role;
    return delete_invitations_of(db, id, user);
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return *out;
}

database_rooms::later<void> database_rooms::leave(std::string user, std::string id) {
  store::transaction tx;
  tx.stage([user, id, now = clock_.now_ms()](connection& db) -> result<void> {
    if (auto locked = db.lock(lock_of(id)); !locked) return locked;
    auto seen = see_room_as(db, user, id, room_role::viewer, now);
    if (!seen) return seen.error();
    if (*seen->role == room_role::owner) return owner_stays();
    auto gone = remove_member(db, id, user);
    if (!gone) return gone.error();
    return note_change(db, id, now);
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

database_rooms::later<std::vector<room_member>> database_rooms::members(std::string user,
                                                                        std::string id,
                                                                        std::string after,
                                                                        std::int64_t limit) {
  auto read = [user, id, after, limit,
               now = clock_.now_ms()](connection& db) -> result<std::vector<room_member>> {
    auto seen = see_room_as(db, user, id, room_role::viewer, now);
    if (!seen) return seen.error();
    return list_members(db, id, after, limit);
  };
  co_return co_await store::async_read(db_, std::move(read));
}

database_rooms::later<room_member> database_rooms::set_role(std::string user, std::string id,
                                                            std::string member, room_role role) {
  store::transaction tx;
  tx.stage([user, id, member, role, now = clock_.now_ms()](connection& db) -> result<void> {
    if (role == room_role::owner) {
      if (auto locked = db.lock("room_owner." + member); !locked) return locked;
    }
    if (auto locked = db.lock(lock_of(id)); !locked) return locked;
    auto seen = see_room_as(db, user, id, room_role::owner, now);
    if (!seen) return seen.error();
    auto before = role_in_room(db, member, id);
    if (!before) return before.error();
    if (!*before) return no_member();
    if (**before == role) return {};
    if (**before == room_role::owner) return owner_stays();
    if (role == room_role::owner) {
      if (auto ok = check_owned(db, member); !ok) return ok;
      if (auto ok = update_owner(db, id, member); !ok) return ok;
      auto former = set_member_role(db, id, user, room_role::editor);
      if (!former) return former.error();
    }
    auto set = set_member_role(db, id, member, role);
    if (!set) return set.error();
    return note_change(db, id, now);
  });
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  room_member out;
  out.user = std::move(member);
  out.role = role;
  co_return out;
}

database_rooms::later<void> database_rooms::expel(std::string user, std::string id,
                                                  std::string member) {
  store::transaction tx;
  tx.stage([user, id, member, now = clock_.now_ms()](connection& db) -> result<void> {
    if (auto locked = db.lock(lock_of(id)); !locked) return locked;
    auto seen = see_room_as(db, user, id, room_role::owner, now);
    if (!seen) return seen.error();
    if (member == seen->row.owner) return owner_stays();
    auto gone = remove_member(db, id, member);
    if (!gone) return gone.error();
    if (!*gone) return no_member();
    return note_change(db, id, now);
  });
  co_return co_await store::async_commit(db_, std::move(tx));
}

room_message database_rooms::stage_message(store::transaction& tx, new_room_message what) const {
  room_message out;
  out.id = uuid_v7();
  out.room = std::move(what.room);
  out.user = std::move(what.user);
  out.name = std::move(what.name);
  out.type = std::move(what.type);
  out.body = std::move(what.body);
  out.at_ms = clock_.now_ms();
  tx.stage([out](connection& db) { return keep_message(db, out); });
  return out;
}

database_rooms::later<std::vector<room_message>> database_rooms::history(std::string user,
                                                                         std::string id,
                                                                         std::int64_t before,
                                                                         std::int64_t limit) {
  auto read = [user, id, before, limit,
               now = clock_.now_ms()](connection& db) -> result<std::vector<room_message>> {
    auto seen = see_room_as(db, user, id, room_role::viewer, now);
    if (!seen) return seen.error();
    return list_messages(db, id, before, limit);
  };
  co_return co_await store::async_read(db_, std::move(read));
}

boost::asio::awaitable<result<room_role>> database_rooms::check(std::string user,
                                                                std::string room) {
  auto read = [user, room](connection& db) -> result<room_role> {
    auto role = role_in_room(db, user, room);
    if (!role) return role.error();
    const std::optional<room_role> found = *role;
    if (found) return *found;
    auto none = no_room();
    none.field = "roomId";
    return none;
  };
  co_return co_await store::async_read(db_, std::move(read));
}

boost::asio::awaitable<result<room_message>> database_rooms::say(new_room_message what) {
  store::transaction tx;
  auto out = stage_message(tx, std::move(what));
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return out;
}

boost::asio::awaitable<result<std::vector<room_message>>> database_rooms::recent(std::string room) {
  auto read = [room](connection& db) {
    return list_messages(db, room, 0, static_cast<std::int64_t>(room_messages_shown));
  };
  auto out = co_await store::async_read(db_, std::move(read));
  if (out) std::ranges::reverse(*out);
  co_return out;
}

result<std::vector<std::string>> database_rooms::changed() {
  static const statement select(
      "SELECT id, room FROM room_change WHERE at_ms >= $1 ORDER BY at_ms DESC LIMIT $2");
  struct change {
    std::string id;
    std::string room;
  };
  const auto now = clock_.now_ms();
  auto read = store::read_and_wait(
      db_, [since = now - looked_back_ms](connection& db) -> result<std::vector<change>> {
        std::vector<change> out;
        auto done = db.query(select, {since, changes_read_max}, [&out](const store::row& r) {
          out.push_back({std::string(r.text(0)), std::string(r.text(1))});
          return true;
        });
        if (!done) return done.error();
        return out;
      });
  if (!read) return read.error();
  std::vector<std::string> out;
  const std::lock_guard hold(mutex_);
  for (auto& one : *read) {
    const bool fresh = seen_.emplace(std::move(one.id), now).second;
    if (fresh) out.push_back(std::move(one.room));
  }
  std::erase_if(seen_, [now](const auto& one) { return one.second < now - 2 * looked_back_ms; });
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace son1k::realtime
