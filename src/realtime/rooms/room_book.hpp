// The `room_book` port: what live rooms ask of those who keep them: who may be in which room and as
// what, what was said there, and where that may have changed. Being there is another matter: that
// is the sockets' business.
//
// Threads: any; coroutines resume on the executor they run on. changed() blocks.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::realtime {

// Each may what those before it may: a viewer reads and listens, an editor speaks and changes what
// the room shares, the owner sees to the room and its members.
enum class room_role : std::uint8_t { viewer, editor, owner };

inline constexpr std::string_view room_role_names[] = {"viewer", "editor", "owner"};
inline constexpr std::string_view room_message_types[] = {"text", "system", "audio", "action"};
inline constexpr std::size_t room_message_points_max = 4'000;
inline constexpr std::size_t room_messages_shown = 100;  // to who enters

std::string_view name_of(room_role role);
// Nothing: there is no such role.
std::optional<room_role> room_role_of(std::string_view name);

struct room_message {
  std::string id;
  std::string room;
  std::string user;
  std::string name;  // of the user, when it was said
  std::string type;
  std::string body;
  std::int64_t number = 0;  // within the room, rising by one
  std::int64_t at_ms = 0;
};

struct new_room_message {
  std::string room;
  std::string user;
  std::string name;
  std::string type = "text";
  std::string body;
};

class room_book {
 public:
  virtual ~room_book() = default;
  // As what the user is in the room. not_found: there is no such room, or not for this user ·
  // unavailable.
  virtual boost::asio::awaitable<result<room_role>> check(std::string user, std::string room) = 0;
  // Keeps a message. not_found as check() · forbidden: a viewer does not speak · unavailable.
  virtual boost::asio::awaitable<result<room_message>> say(new_room_message what) = 0;
  // The newest messages, the oldest of them first.
  virtual boost::asio::awaitable<result<std::vector<room_message>>> recent(std::string room) = 0;
  // Rooms that since the call before somebody may have left, or be in as something else, by any
  // process; there may be too many of them, as those of the last minutes at the first call.
  // unavailable.
  virtual result<std::vector<std::string>> changed() = 0;
};

}  // namespace son1k::realtime
