// People in rooms: who is there, what they say, who types, where they point, what they share. A
// room is the Socket.IO room "room:<id>" over all processes; who may enter is the membership's, and
// what lasts is the store's.
//
// Calls run on the sockets' reactors; tick() on any one thread. The parts outlive it.
#pragma once
#include <mutex>

#include "api/realtime/client_calls.hpp"
#include "realtime/rooms/membership.hpp"
#include "realtime/rooms/presence.hpp"
#include "realtime/rooms/room_store.hpp"
#include "realtime/rooms/typing_board.hpp"

namespace son1k::api {

inline constexpr std::size_t message_points_max = 4'000;
inline constexpr std::size_t cursor_bytes_max = 1'024;
inline constexpr std::int64_t typing_silence_ms = 5'000;
inline constexpr std::size_t typing_max = 10'000;

class room_talk {
 public:
  // Binds its calls.
  room_talk(call_binder calls, realtime::room_membership& membership, realtime::room_store& store,
            realtime::room_presence& presence);
  ~room_talk();

  // A socket that was recovered is in its rooms already.
  void came_back(const live_client_ptr& client, realtime::io_socket& socket);
  void gone(const live_client_ptr& client, realtime::io_socket& socket);
  // Ends the typing of those who fell silent.
  void tick();

 private:
  using reply = result<boost::json::object>;
  using slow_reply = boost::asio::awaitable<reply>;
  using socket_ptr = std::shared_ptr<realtime::io_socket>;

  slow_reply join(live_client_ptr client, socket_ptr socket, boost::json::value argument);
  slow_reply leave(live_client_ptr client, socket_ptr socket, boost::json::value argument);
  slow_reply say(live_client_ptr client, socket_ptr socket, boost::json::value argument);
  slow_reply update(live_client_ptr client, socket_ptr socket, boost::json::value argument);
  reply type(const live_client_ptr& client, const boost::json::value& argument, bool on);
  reply point(const live_client_ptr& client, const boost::json::value& argument);

  struct people {
    boost::json::array members;  // {userId, username}, each user once
    bool has(std::string_view user) const;
  };
  // Over all processes, or of this one where the others do not answer; without `except`.
  boost::asio::awaitable<people> present(std::string id, std::string except);
  // Of servers that died: who is nowhere else has left. Of this one: who was said to have left.
  boost::asio::awaitable<void> tell_left(std::vector<realtime::present_person> those);
  void tell_back(const std::vector<realtime::present_person>& those);
  boost::asio::awaitable<void> tell_of(live_client_ptr client, std::string id, bool joined);
  // To the others of the room, on all processes.
  void tell(const std::string& id, const std::string& except, std::string_view event,
            boost::json::object facts, bool may_be_lost = false);

  const call_binder calls_;
  realtime::room_membership& membership_;
  realtime::room_store& store_;
  realtime::room_presence& presence_;
  std::mutex mutex_;
  realtime::typing_board typing_{typing_silence_ms, typing_max};
};

}  // namespace son1k::api
