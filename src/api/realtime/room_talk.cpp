#include "api/realtime/room_talk.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "api/realtime/socket_identity.hpp"
#include "base/json.hpp"
#include "base/spawn.hpp"
#include "base/uuid.hpp"

namespace son1k::api {
namespace asio = boost::asio;
namespace json = boost::json;
namespace rt = realtime;
namespace {

constexpr std::string_view room_prefix = "room:";
constexpr std::size_t members_shown_max = 1'000;
constexpr std::string_view message_types[] = {"text", "system", "audio", "action"};

std::string room_of(std::string_view id) {
  return std::string(room_prefix) + std::string(id);
}

std::string read_room(object_reader& fields) {
  fields.require("roomId");
  auto out = fields.utf8("roomId", {1, thing_id_points_max, false}).value_or("");
  return out;
}

result<std::string> only_room(const json::value& argument) {
  object_reader fields(argument);
  auto id = read_room(fields);
  if (auto ok = fields.finish(); !ok) return ok.error();
  return id;
}

error not_in_room() {
  return {errc::not_found, "roomId",
          text("you are not in this room: join it first",
               "no está en esta sala: entre en ella primero")};
}

json::object person(const accounts::identity& who) {
  return {{"userId", who.user}, {"username", who.name}};
}

json::object about(const std::string& id, const accounts::identity& who) {
  return {{"roomId", id}, {"userId", who.user}, {"username", who.name}};
}

json::value parsed(const std::string& text) {
  boost::system::error_code ec;
  auto out = json::parse(text, ec);
  return ec ? json::value() : out;
}

// Nothing: another make of server wrote it.
std::optional<json::object> read_person(const rt::present_person& one) {
  auto who = parsed(one.person);
  const auto* fields = who.if_object();
  if (fields == nullptr) return std::nullopt;
  for (const std::string_view name : {"userId", "username"}) {
    const auto* value = fields->if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
  }
  return *fields;
}

json::object shown(const std::string& id, const rt::room_content& content) {
  json::array messages;
  for (const auto& one : content.messages) messages.push_back(parsed(one));
  return {{"roomId", id},
          {"version", content.version},
          {"state", content.state.empty() ? json::value() : parsed(content.state)},
          {"messages", std::move(messages)}};
}

}  // namespace

bool room_talk::people::has(std::string_view user) const {
  return std::any_of(members.begin(), members.end(), [user](const auto& one) {
    return one.as_object().at("userId").as_string() == user;
  });
}

room_talk::room_talk(call_binder calls, rt::room_membership& membership, rt::room_store& store,
                     rt::room_presence& presence)
    : calls_(calls), membership_(membership), store_(store), presence_(presence) {
  using method = slow_reply (room_talk::*)(live_client_ptr, socket_ptr, json::value);
  struct row {
    const char* name;
    method run;
    std::int64_t cost;
  };
  constexpr row rows[] = {{"join_room", &room_talk::join, 4},
                          {"leave_room", &room_talk::leave, 4},
                          {"collaboration_message", &room_talk::say, 2},
                          {"state:update", &room_talk::update, 2}};
  for (const auto& one : rows) {
    slow_call run = [this, way = one.run](live_client_ptr c, socket_ptr socket, json::value v) {
      return (this->*way)(std::move(c), std::move(socket), std::move(v));
    };
    calls_.bind_slow(one.name, std::move(run), one.cost);
  }
  const auto typing = [this](bool on) {
    return [this, on](const auto& c, auto&, const auto& v) { return type(c, v, on); };
  };
  calls_.bind("typing_start", typing(true));
  calls_.bind("typing_stop", typing(false));
  calls_.bind("cursor:move", [this](const auto& c, auto&, const auto& v) { return point(c, v); });
  const auto left = [this](std::vector<rt::present_person> those) {
    spawn(calls_.space.executor(), "rooms.left", tell_left(std::move(those)));
  };
  presence_.watch(left, [this](const auto& those) { tell_back(those); });
}

room_talk::~room_talk() {
  presence_.watch(nullptr, nullptr);
}

void room_talk::tell(const std::string& id, const std::string& except, std::string_view event,
                     json::object facts, bool may_be_lost) {
  auto emission = calls_.space.to({room_of(id)});
  if (!except.empty()) emission.except({except});
  if (may_be_lost) emission.volatile_();
  emission.emit(event, {std::move(facts)});
}

asio::awaitable<room_talk::people> room_talk::present(std::string id, std::string except) {
  rt::room_selection whom;
  whom.rooms = {room_of(id)};
  whom.except = {std::move(except)};
  auto asked = calls_.space.fetch(std::move(whom));
  auto sockets = co_await std::move(asked);
  people out;
  if (!sockets) co_return out;
  for (const auto& one : *sockets) {
    const auto who = identity_of(one.data);
    if (who.user.empty() || out.has(who.user)) continue;
    if (out.members.size() >= members_shown_max) break;
    out.members.emplace_back(person(who));
  }
  co_return out;
}

asio::awaitable<void> room_talk::tell_left(std::vector<rt::present_person> those) {
  std::map<std::string, std::vector<json::object>> by_room;
  for (const auto& one : those) {
    auto who = read_person(one);
    if (who) by_room[one.room].push_back(std::move(*who));
  }
  for (auto& [id, gone] : by_room) {
    auto looking = present(id, "");
    auto there = co_await std::move(looking);
    for (auto& who : gone) {
      if (there.has(who.at("userId").as_string())) continue;
      there.members.push_back(who);  // each once
      who["roomId"] = id;
      tell(id, "", "user_left", std::move(who));
    }
  }
}

void room_talk::tell_back(const std::vector<rt::present_person>& those) {
  std::set<std::pair<std::string, std::string>> told;
  for (const auto& one : those) {
    auto who = read_person(one);
    if (!who || !told.emplace(one.room, std::string(who->at("userId").as_string())).second)
      continue;
    (*who)["roomId"] = one.room;
    tell(one.room, "", "user_joined", std::move(*who));
  }
}

// The others hear of a person, not of each of their sockets.
asio::awaitable<void> room_talk::tell_of(live_client_ptr client, std::string id, bool joined) {
  auto asked = present(id, client->id);
  const auto others = co_await std::move(asked);
  const auto who = client->who();
  if (others.has(who.user)) co_return;
  tell(id, client->id, joined ? "user_joined" : "user_left", about(id, who));
}

room_talk::slow_reply room_talk::join(live_client_ptr client, socket_ptr socket,
                                      json::value argument) {
  auto id = only_room(argument);
  if (!id) co_return id.error();
  auto who = client->who();
  auto asked = membership_.check(who.user, *id);
  auto member = co_await std::move(asked);
  if (!member) co_return member.error();
  if (!client->rooms.contains(*id) && client->rooms.size() >= rooms_per_client_max) {
    co_return error(
        errc::unavailable, "roomId",
        text("this connection is in too many rooms", "esta conexión está en demasiadas salas"));
  }
  if (auto ok = socket->join(room_of(*id)); !ok) co_return ok.error();
  const bool fresh = client->rooms.insert(*id).second;
  presence_.enter({*id, client->id, json::serialize(person(who))});
  auto looking = present(*id, socket->id());
  auto others = co_await std::move(looking);
  auto reading = store_.read(*id);
  auto content = co_await std::move(reading);
  if (!content) co_return content.error();
  if (fresh && !others.has(who.user)) tell(*id, socket->id(), "user_joined", about(*id, who));
  if (!others.has(who.user)) others.members.emplace_back(person(who));
  socket->emit("room_joined", {json::object{{"roomId", *id}, {"members", others.members}}});
  auto state = shown(*id, *content);
  state["members"] = std::move(others.members);
  json::object out{{"roomId", *id}, {"version", content->version}};
  socket->emit("room:state", {std::move(state)});
  co_return out;
}

room_talk::slow_reply room_talk::leave(live_client_ptr client, socket_ptr socket,
                                       json::value argument) {
  auto id = only_room(argument);
  if (!id) co_return id.error();
  if (client->rooms.erase(*id) == 0) co_return not_in_room();
  presence_.leave(*id, client->id);
  type(client, argument, false);
  socket->leave(room_of(*id));
  socket->emit("room_left", {json::object{{"roomId", *id}}});
  auto telling = tell_of(client, *id, false);
  co_await std::move(telling);
  co_return json::object{{"roomId", *id}};
}

room_talk::slow_reply room_talk::say(live_client_ptr client, socket_ptr, json::value argument) {
  object_reader fields(argument);
  const auto id = read_room(fields);
  fields.require("message");
  const auto message = fields.utf8("message", {1, message_points_max, false}).value_or("");
  const auto type_index = fields.choice("type", message_types).value_or(0);
  if (auto ok = fields.finish(); !ok) co_return ok.error();
  if (!client->rooms.contains(id)) co_return not_in_room();
  auto facts = about(id, client->who());
  const auto message_id = uuid_v7();
  facts["id"] = message_id;
  facts["message"] = message;
  facts["type"] = message_types[type_index];
  facts["timestamp"] = iso_time(calls_.clock.now_ms()).chars;
  auto keeping = store_.keep(id, json::serialize(facts));
  auto kept = co_await std::move(keeping);
  if (!kept) co_return kept.error();
  tell(id, "", "collaboration_message", std::move(facts));
  co_return json::object{{"id", message_id}};
}

room_talk::slow_reply room_talk::update(live_client_ptr client, socket_ptr, json::value argument) {
  object_reader fields(argument);
  const auto id = read_room(fields);
  fields.require("version");
  const auto seen = fields.integer("version", 0, std::int64_t{1} << 53).value_or(0);
  fields.require("state");
  const auto* given = fields.any("state");
  if (auto ok = fields.finish(); !ok) co_return ok.error();
  if (!client->rooms.contains(id)) co_return not_in_room();
  auto state = *given;
  auto writing = store_.write(id, seen, json::serialize(state));
  auto done = co_await std::move(writing);
  if (!done) co_return done.error();
  if (!done->written) {
    error stale(errc::conflict, "version",
                text("is not the newest: somebody else has changed the state",
                     "no es la más reciente: otra persona cambió el estado"));
    stale.details = {{"version", done->version},
                     {"state", done->state.empty() ? json::value() : parsed(done->state)}};
    co_return stale;
  }
  const auto who = client->who();
  tell(id, client->id, "state:changed",
       {{"roomId", id},
        {"version", done->version},
        {"state", std::move(state)},
        {"userId", who.user}});
  co_return json::object{{"version", done->version}};
}

room_talk::reply room_talk::type(const live_client_ptr& client, const json::value& argument,
                                 bool on) {
  const auto id = only_room(argument);
  if (!id) return id.error();
  if (on && !client->rooms.contains(*id)) return not_in_room();
  bool changed = false;
  {
    const std::scoped_lock hold(mutex_);
    const rt::typing_board::entry who{*id, client->id};
    changed = on ? typing_.start(who, calls_.clock.steady_ms()) : typing_.stop(who);
  }
  if (changed) {
    auto facts = about(*id, client->who());
    facts["typing"] = on;
    tell(*id, client->id, "user_typing", std::move(facts), true);
  }
  return json::object{{"roomId", *id}};
}

room_talk::reply room_talk::point(const live_client_ptr& client, const json::value& argument) {
  object_reader fields(argument);
  const auto id = read_room(fields);
  fields.require("position");
  const auto* position = fields.any("position");
  if (position != nullptr && json::serialize(*position).size() > cursor_bytes_max) {
    fields.fail("position", text("must not be larger than 1 KiB", "no debe superar 1 KiB"));
  }
  if (auto ok = fields.finish(); !ok) return ok.error();
  if (!client->rooms.contains(id)) return not_in_room();
  auto facts = about(id, client->who());
  facts["position"] = *position;
  tell(id, client->id, "cursor:update", std::move(facts), true);
  return json::object{{"roomId", id}};
}

void room_talk::came_back(const live_client_ptr& client, rt::io_socket& socket) {
  for (const auto& room : socket.rooms()) {
    if (!room.starts_with(room_prefix)) continue;
    auto id = room.substr(room_prefix.size());
    client->rooms.insert(id);
    presence_.enter({id, client->id, json::serialize(person(client->who()))});
    spawn(client->executor, "rooms.came_back", tell_of(client, std::move(id), true));
  }
}

void room_talk::gone(const live_client_ptr& client, rt::io_socket&) {
  for (const auto& id : client->rooms) {
    presence_.leave(id, client->id);
    {
      const std::scoped_lock hold(mutex_);
      typing_.stop({id, client->id});
    }
    spawn(client->executor, "rooms.gone", tell_of(client, id, false));
  }
}

void room_talk::tick() {
  std::vector<rt::typing_board::entry> silent;
  {
    const std::scoped_lock hold(mutex_);
    silent = typing_.silent(calls_.clock.steady_ms());
  }
  for (const auto& [id, socket] : silent) {
    const auto client = calls_.clients.find(socket);
    if (!client) continue;
    auto facts = about(id, client->who());
    facts["typing"] = false;
    tell(id, socket, "user_typing", std::move(facts), true);
  }
}

}  // namespace son1k::api
