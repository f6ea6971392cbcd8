#include "api/realtime/room_talk.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "api/realtime/room_words.hpp"
#include "api/realtime/socket_identity.hpp"
#include "api/room_json.hpp"
#include "base/json.hpp"
#include "base/spawn.hpp"

namespace son1k::api {
namespace asio = boost::asio;
namespace json = boost::json;
namespace rt = realtime;
using rooms::about;
using rooms::parsed;
using rooms::person;
using rooms::room_of;
namespace {

constexpr std::size_t members_shown_max = 1'000;

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

error only_looks_on() {
  return {errc::forbidden, "roomId",
          text("a viewer of this room looks on and listens", "en esta sala solo mira y escucha")};
}

error not_in_room() {
  return {errc::not_found, "roomId",
          text("you are not in this room: join it first",
               "no está en esta sala: entre en ella primero")};
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

json::object shown(const std::string& id, const rt::room_content& content,
                   const std::vector<rt::room_message>& said) {
  json::array messages;
  for (const auto& one : said) messages.emplace_back(to_json(one));
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

room_talk::room_talk(call_binder calls, rt::room_book& book, rt::room_store& store,
                     rt::room_presence& presence)
    : calls_(calls), book_(book), store_(store), presence_(presence) {
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
  if (!client->rooms.contains(*id) && client->rooms.size() >= rooms_per_client_max) {
    co_return error(
        errc::unavailable, "roomId",
        text("this connection is in too many rooms", "esta conexión está en demasiadas salas"));
  }
  // First, so that nothing changes between the answer and the place here without its being known.
  come_here(*id, client->id);
  auto asked = book_.check(who.user, *id);
  const auto role = co_await std::move(asked);
  result<void> entered = not_in_room();
  if (!role) {
    entered = role.error();
  } else if (socket->connected()) {
    entered = socket->join(room_of(*id));
  }
  if (!entered) {
    if (!client->rooms.contains(*id)) go_from_here(*id, client->id);
    client->doubted.erase(*id);
    co_return entered.error();
  }
  const bool fresh = client->rooms.insert_or_assign(*id, *role).second;
  if (client->doubted.erase(*id) != 0)
    spawn(client->executor, "rooms.ask_again", ask_again(client, *id));
  presence_.enter({*id, client->id, json::serialize(person(who))});
  auto looking = present(*id, socket->id());
  auto others = co_await std::move(looking);
  auto reading = store_.read(*id);
  auto content = co_await std::move(reading);
  if (!content) co_return content.error();
  auto remembering = book_.recent(*id);
  const auto said = co_await std::move(remembering);
  if (!said) co_return said.error();
  if (fresh && !others.has(who.user)) tell(*id, socket->id(), "user_joined", about(*id, who));
  if (!others.has(who.user)) others.members.emplace_back(person(who));
  socket->emit("room_joined", {json::object{{"roomId", *id}, {"members", others.members}}});
  auto state = shown(*id, *content, *said);
  state["members"] = std::move(others.members);
  state["role"] = rt::name_of(*role);
  json::object out{{"roomId", *id}, {"version", content->version}, {"role", rt::name_of(*role)}};
  socket->emit("room:state", {std::move(state)});
  co_return out;
}

room_talk::slow_reply room_talk::leave(live_client_ptr client, socket_ptr socket,
                                       json::value argument) {
  auto id = only_room(argument);
  if (!id) co_return id.error();
  if (!client->rooms.contains(*id)) co_return not_in_room();
  auto leaving = take_out(client, socket, *id, "left");
  co_await std::move(leaving);
  co_return json::object{{"roomId", *id}};
}

void room_talk::said(const rt::room_message& what) {
  tell(what.room, "", "collaboration_message", to_json(what));
}

room_talk::slow_reply room_talk::say(live_client_ptr client, socket_ptr, json::value argument) {
  object_reader fields(argument);
  rt::new_room_message what;
  what.room = read_room(fields);
  fields.require("message");
  what.body = fields.utf8("message", {1, rt::room_message_points_max, false}).value_or("");
  what.type = rt::room_message_types[fields.choice("type", rt::room_message_types).value_or(0)];
  if (auto ok = fields.finish(); !ok) co_return ok.error();
  if (!client->rooms.contains(what.room)) co_return not_in_room();
  const auto who = client->who();
  what.user = who.user;
  what.name = who.name;
  auto keeping = book_.say(std::move(what));
  const auto kept = co_await std::move(keeping);
  if (!kept) {
    auto fault = kept.error();
    if (!fault.field.empty()) fault.field = "roomId";
    co_return fault;
  }
  said(*kept);
  co_return json::object{{"id", kept->id}};
}

room_talk::slow_reply room_talk::update(live_client_ptr client, socket_ptr, json::value argument) {
  object_reader fields(argument);
  const auto id = read_room(fields);
  fields.require("version");
  const auto seen = fields.integer("version", 0, std::int64_t{1} << 53).value_or(0);
  fields.require("state");
  const auto* given = fields.any("state");
  if (auto ok = fields.finish(); !ok) co_return ok.error();
  const auto place = client->rooms.find(id);
  if (place == client->rooms.end()) co_return not_in_room();
  if (place->second < rt::room_role::editor) co_return only_looks_on();
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
  if (!on) {
    end_typing(client, *id);
    return json::object{{"roomId", *id}};
  }
  const auto place = client->rooms.find(*id);
  if (place == client->rooms.end()) return not_in_room();
  if (place->second < rt::room_role::editor) return only_looks_on();
  bool fresh = false;
  {
    const std::scoped_lock hold(mutex_);
    fresh = typing_.start({*id, client->id}, calls_.clock.steady_ms());
  }
  if (fresh) {
    auto facts = about(*id, client->who());
    facts["typing"] = true;
    tell(*id, client->id, "user_typing", std::move(facts), true);
  }
  return json::object{{"roomId", *id}};
}

void room_talk::end_typing(const live_client_ptr& client, const std::string& id) {
  {
    const std::scoped_lock hold(mutex_);
    if (!typing_.stop({id, client->id})) return;
  }
  auto facts = about(id, client->who());
  facts["typing"] = false;
  tell(id, client->id, "user_typing", std::move(facts), true);
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

void room_talk::tick() {
  look_for_changes();
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
