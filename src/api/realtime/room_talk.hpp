// People in rooms: who is there, what they say, who types, where they point, what they share. A
// room is the Socket.IO room "room:<id>" over all processes; who may enter, and what was said, is
// in the book, what is shared in the store. Who may no longer be in a room is out of it at once
// where that is known, and on other servers when they next look into the book, once a second.
//
// Calls run on the sockets' reactors; tick() on any one thread, where it may wait for the book;
// said() and changed() on any. The parts outlive it.
#pragma once
#include <map>
#include <mutex>
#include <set>

#include "api/realtime/client_calls.hpp"
#include "realtime/rooms/presence.hpp"
#include "realtime/rooms/room_book.hpp"
#include "realtime/rooms/room_store.hpp"
#include "realtime/rooms/typing_board.hpp"

namespace son1k::api {

inline constexpr std::size_t cursor_bytes_max = 1'024;
inline constexpr std::int64_t typing_silence_ms = 5'000;
inline constexpr std::size_t typing_max = 10'000;

class room_talk {
 public:
  // Binds its calls.
  room_talk(call_binder calls, realtime::room_book& book, realtime::room_store& store,
            realtime::room_presence& presence);
  ~room_talk();

  // Whether a socket of the user that was in these rooms may be given what it missed in them: only
  // if it is still let into all of them.
  boost::asio::awaitable<bool> may_come_back(std::string user, std::vector<std::string> rooms);
  // A socket that was recovered is in its rooms already.
  void came_back(const live_client_ptr& client, realtime::io_socket& socket);
  void gone(const live_client_ptr& client, realtime::io_socket& socket);
  // Ends the typing of those who fell silent, and looks for rooms that others changed.
  void tick();
  // A message that was kept by somebody else: everybody in the room hears it.
  void said(const realtime::room_message& what);
  // Those here who are in the room are asked for anew.
  void changed(const std::string& room);

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
  void come_here(const std::string& id, const std::string& client);
  void go_from_here(const std::string& id, const std::string& client);
  void end_typing(const live_client_ptr& client, const std::string& id);
  void look_for_changes();
  boost::asio::awaitable<void> ask_again(live_client_ptr client, std::string id);
  // Out of the room, for which reason; the others are told.
  boost::asio::awaitable<void> take_out(live_client_ptr client, socket_ptr socket, std::string id,
                                        std::string_view reason);
  // To the others of the room, on all processes.
  void tell(const std::string& id, const std::string& except, std::string_view event,
            boost::json::object facts, bool may_be_lost = false);

  const call_binder calls_;
  realtime::room_book& book_;
  realtime::room_store& store_;
  realtime::room_presence& presence_;
  std::mutex mutex_;
  realtime::typing_board typing_{typing_silence_ms, typing_max};
  std::map<std::string, std::set<std::string>> here_;  // clients by the room they are in, or enter
  std::set<std::string> unsure_;                       // rooms that could not be asked about
  bool all_unsure_ = false;
};

}  // namespace son1k::api
