// Rooms in the database: who made them, who is in them as what, who is invited, what was said.
//
// Whoever may not know of a room is told that there is none. What is staged into a unit of work
// takes effect with its commit, and what makes it impossible fails that commit.
// Thread-safe; coroutines resume on the executor they run on. The database must outlive it.
#pragma once
#include <map>
#include <mutex>

#include "base/clock.hpp"
#include "realtime/rooms/database/room_records.hpp"

namespace son1k::realtime {

inline constexpr std::int64_t rooms_owned_max = 100;
inline constexpr std::int64_t rooms_joined_max = 200;
inline constexpr std::int64_t room_members_max = 100;
inline constexpr std::int64_t room_invitations_max = 100;
inline constexpr std::int64_t room_messages_kept = 10'000;
inline constexpr std::int64_t invitation_ms = 14LL * 86'400'000;
inline constexpr std::size_t room_name_points_max = 100;
inline constexpr std::size_t room_description_points_max = 1'000;

struct new_room {
  std::string owner;
  std::string name;
  std::string description;
  bool is_public = false;
};

struct room_edit {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<bool> is_public;
  std::optional<std::int64_t> version;  // that the caller has seen; nothing: any
};

struct new_invitation {
  std::string room;
  std::string by;
  std::string user;   // or else
  std::string login;  // the e-mail in lower case
  room_role role = room_role::editor;
};

class database_rooms final : public room_book {
 public:
  template <class T>
  using later = boost::asio::awaitable<result<T>>;

  database_rooms(store::database& db, const clock_port& clock) : db_(db), clock_(clock) {}

  // conflict, field "rooms": the owner has as many as they may.
  room stage_new(store::transaction& tx, new_room asked) const;
  later<seen_room> find(std::string user, std::string id);
  later<std::vector<seen_room>> list(room_query query);
  // By the owner. conflict, field "version": it was edited meanwhile.
  later<seen_room> change(std::string user, std::string id, room_edit to);
  // By the owner, with all that is in it.
  later<void> remove(std::string user, std::string id);

  // Into a public room as an editor, into another as what the invitation says; who is in it stays
  // what they are. conflict: the room is full, or the user is in as many as they may.
  later<room_role> join(std::string user, std::string id);
  // conflict: the owner does not leave.
  later<void> leave(std::string user, std::string id);
  // For members. Those after `after`, by their ids.
  later<std::vector<room_member>> members(std::string user, std::string id, std::string after,
                                          std::int64_t limit);
  // By the owner. Who is made the owner takes the room over. not_found, field "userId" · conflict.
  later<room_member> set_role(std::string user, std::string id, std::string member, room_role role);
  // By the owner. not_found, field "userId" · conflict: it is the owner.
  later<void> expel(std::string user, std::string id, std::string member);

  // By the owner; one for the same person before it holds no longer. validation, field "userId":
  // there is no such account · conflict: they are a member, or too many are invited.
  room_invitation stage_invitation(store::transaction& tx, new_invitation asked) const;
  // Whom the invitation reaches, if they have an account; for those who tell them.
  later<std::string> account_of(room_invitation invitation);
  later<std::vector<room_invitation>> invitations_to(std::string user);
  // For the owner.
  later<std::vector<room_invitation>> invitations_of(std::string user, std::string id);
  // By the room's owner, or by whom it is for. not_found, field "invitationId".
  later<void> withdraw(std::string user, std::string invitation);

  // By an editor or the owner. Its number is not known yet.
  room_message stage_message(store::transaction& tx, new_room_message what) const;
  // For members; newest first, with a number below `before` (0: any).
  later<std::vector<room_message>> history(std::string user, std::string id, std::int64_t before,
                                           std::int64_t limit);

  boost::asio::awaitable<result<room_role>> check(std::string user, std::string room) override;
  boost::asio::awaitable<result<room_message>> say(new_room_message what) override;
  boost::asio::awaitable<result<std::vector<room_message>>> recent(std::string room) override;
  result<std::vector<std::string>> changed() override;

 private:
  store::database& db_;
  const clock_port& clock_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> seen_;  // changes by id, when: as long as they are looked at
};

}  // namespace son1k::realtime
