// Who of this process is in which room, and who no longer may be.
#include <boost/json.hpp>

#include "api/realtime/room_talk.hpp"
#include "api/realtime/room_words.hpp"
#include "base/spawn.hpp"

namespace son1k::api {
namespace asio = boost::asio;
namespace json = boost::json;
namespace rt = realtime;
using rooms::person;
using rooms::room_of;
using rooms::room_prefix;

asio::awaitable<bool> room_talk::may_come_back(std::string user, std::vector<std::string> rooms) {
  for (const auto& room : rooms) {
    if (!room.starts_with(room_prefix)) continue;
    auto asked = book_.check(user, room.substr(room_prefix.size()));
    const auto role = co_await std::move(asked);
    if (!role) co_return false;
  }
  co_return true;
}

void room_talk::came_back(const live_client_ptr& client, rt::io_socket& socket) {
  for (const auto& room : socket.rooms()) {
    if (!room.starts_with(room_prefix)) continue;
    auto id = room.substr(room_prefix.size());
    come_here(id, client->id);
    client->rooms.emplace(id, rt::room_role::viewer);
    presence_.enter({id, client->id, json::serialize(person(client->who()))});
    spawn(client->executor, "rooms.came_back", tell_of(client, id, true));
    // Whether it still may, and as what.
    spawn(client->executor, "rooms.ask_again", ask_again(client, std::move(id)));
  }
}

void room_talk::gone(const live_client_ptr& client, rt::io_socket&) {
  for (const auto& [id, role] : client->rooms) {
    go_from_here(id, client->id);
    presence_.leave(id, client->id);
    {
      const std::scoped_lock hold(mutex_);
      typing_.stop({id, client->id});
    }
    spawn(client->executor, "rooms.gone", tell_of(client, id, false));
  }
}

asio::awaitable<void> room_talk::take_out(live_client_ptr client, socket_ptr socket, std::string id,
                                          std::string_view reason) {
  if (client->rooms.erase(id) == 0) co_return;
  go_from_here(id, client->id);
  presence_.leave(id, client->id);
  end_typing(client, id);
  socket->leave(room_of(id));
  socket->emit("room_left", {json::object{{"roomId", id}, {"reason", reason}}});
  auto telling = tell_of(client, id, false);
  co_await std::move(telling);
}

void room_talk::come_here(const std::string& id, const std::string& client) {
  const std::scoped_lock hold(mutex_);
  here_[id].insert(client);
}

void room_talk::go_from_here(const std::string& id, const std::string& client) {
  const std::scoped_lock hold(mutex_);
  const auto found = here_.find(id);
  if (found == here_.end()) return;
  found->second.erase(client);
  if (found->second.empty()) here_.erase(found);
}

void room_talk::changed(const std::string& room) {
  std::set<std::string> those;
  {
    const std::scoped_lock hold(mutex_);
    if (const auto found = here_.find(room); found != here_.end()) those = found->second;
  }
  for (const auto& one : those) {
    if (const auto client = calls_.clients.find(one))
      spawn(client->executor, "rooms.ask_again", ask_again(client, room));
  }
}

asio::awaitable<void> room_talk::ask_again(live_client_ptr client, std::string id) {
  const auto socket = client->socket();
  if (!socket || !socket->connected()) co_return;
  if (!client->rooms.contains(id)) {
    client->doubted.insert(id);
    co_return;
  }
  auto asked = book_.check(client->who().user, id);
  const auto role = co_await std::move(asked);
  const auto place = client->rooms.find(id);
  if (place == client->rooms.end()) co_return;
  if (role) {
    if (std::exchange(place->second, *role) != *role) {
      socket->emit("room_role", {json::object{{"roomId", id}, {"role", rt::name_of(*role)}}});
    }
    co_return;
  }
  if (role.error().code != errc::not_found) {
    const std::scoped_lock hold(mutex_);
    unsure_.insert(std::move(id));
    co_return;
  }
  auto leaving = take_out(client, socket, std::move(id), "removed");
  co_await std::move(leaving);
}

void room_talk::look_for_changes() {
  auto rooms = book_.changed();
  std::set<std::string> those;
  {
    const std::scoped_lock hold(mutex_);
    if (!rooms) {
      all_unsure_ = true;
      return;
    }
    those.insert(rooms->begin(), rooms->end());
    those.merge(unsure_);
    unsure_.clear();
    if (std::exchange(all_unsure_, false))
      for (const auto& [id, clients] : here_) those.insert(id);
  }
  for (const auto& id : those) changed(id);
}

}  // namespace son1k::api
