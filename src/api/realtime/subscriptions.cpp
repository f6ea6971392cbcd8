// The calls subscribe, unsubscribe and auth:refresh.
#include <boost/json.hpp>
#include <charconv>

#include "api/realtime/live_events.hpp"
#include "api/realtime/socket_identity.hpp"
#include "base/completion.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace asio = boost::asio;
namespace json = boost::json;
namespace rt = realtime;
namespace {

constexpr std::string_view operations_topic = "operations";
constexpr std::int64_t subscribe_cost = 4;

struct wish {
  std::string topic;
  std::string id;
  std::optional<std::uint64_t> since;
};

std::optional<std::uint64_t> read_since(object_reader& fields) {
  const auto given = fields.utf8("since", {1, 20, false});
  if (!given) return std::nullopt;
  std::uint64_t out = 0;
  const auto read = std::from_chars(given->data(), given->data() + given->size(), out);
  if (read.ec == std::errc() && read.ptr == given->data() + given->size()) return out;
  fields.fail("since", text("must be the eventId of an event", "debe ser el eventId de un evento"));
  return std::nullopt;
}

result<wish> read_wish(const json::value& argument, bool with_since) {
  object_reader fields(argument);
  wish out;
  fields.require("topic");
  out.topic = fields.utf8("topic", {1, thing_id_points_max, false}).value_or("");
  if (out.topic != operations_topic) {
    fields.require("id");
    out.id = fields.utf8("id", {1, thing_id_points_max, false}).value_or("");
    if (with_since) out.since = read_since(fields);
  }
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

error too_many_topics() {
  return {errc::unavailable, "topic",
          text("too many topics are followed on this connection",
               "se siguen demasiados temas en esta conexión")};
}

// What the newsroom gives back.
struct delivery {
  result<followed> given = followed();
  bool ran = false;
};

}  // namespace

void live_events::bind_calls() {
  const call_binder calls{parts_.space, clients_, parts_.clock};
  calls.bind_slow(
      "subscribe",
      [this](live_client_ptr c, auto socket, json::value argument) {
        return subscribe(std::move(c), std::move(socket), std::move(argument));
      },
      subscribe_cost);
  calls.bind("unsubscribe", [this](const auto& c, auto& socket, const auto& argument) {
    return unsubscribe(c, socket, argument);
  });
  calls.bind_slow(
      "auth:refresh",
      [this](live_client_ptr c, auto socket, json::value argument) {
        return refresh(std::move(c), std::move(socket), std::move(argument));
      },
      subscribe_cost);
}

result<json::object> live_events::watch(const live_client_ptr& client, rt::io_socket& socket) {
  if (!client->who().has(accounts::operator_role)) {
    return error(errc::forbidden, "topic",
                 text("only operators may follow this", "solo los operadores pueden seguir esto"));
  }
  if (auto ok = socket.join(std::string(operators_room)); !ok) return ok.error();
  if (client->following.insert(std::string(operators_room)).second) ++watchers_;
  return json::object{{"topic", operations_topic}};
}

asio::awaitable<result<json::object>> live_events::subscribe(live_client_ptr client,
                                                             std::shared_ptr<rt::io_socket> socket,
                                                             json::value argument) {
  auto wanted = read_wish(argument, true);
  if (!wanted) co_return wanted.error();
  if (wanted->topic == operations_topic) co_return watch(client, *socket);
  const auto room = wanted->topic + ":" + wanted->id;
  const bool fresh = client->following.insert(room).second;
  if (client->following.size() > topics_per_client_max) {
    client->following.erase(room);
    co_return too_many_topics();
  }
  const auto who = client->who();
  follow_request request;
  request.topic = wanted->topic;
  request.id = wanted->id;
  request.user = who.user;
  request.sees_all = sees_everything(who);
  request.since = wanted->since;
  auto given = std::make_shared<delivery>();
  auto start = [this, client, request, room, given](std::shared_ptr<waiting> waiter) mutable {
    const bool queued =
        news_.run([this, client, request, room, given, waiter](news_desk& desk) mutable {
          request.entered = client->entered;
          given->given = desk.follow(request);
          given->ran = true;
          if (given->given) {
            give(client->id, *given->given);
            parts_.space.join_all({{client->id}, {}}, {room});
          }
          resume_soon(waiter);
        });
    if (!queued) resume_soon(std::move(waiter));
  };
  co_await suspend_until_resumed(std::move(start));
  if (!given->ran) {
    given->given = error(errc::unavailable, text("too much is asked for at the moment",
                                                 "hay demasiadas peticiones en este momento"));
  }
  if (given->given && !socket->in(room) && socket->connected()) given->given = too_many_topics();
  if (!given->given) {
    if (fresh) client->following.erase(room);
    co_return given->given.error();
  }
  json::object out{{"topic", wanted->topic},
                   {"id", wanted->id},
                   {"missed", given->given->missed.size()},
                   {"gap", given->given->gap},
                   {"last", std::to_string(given->given->last)}};
  co_return out;
}

result<json::object> live_events::unsubscribe(const live_client_ptr& client, rt::io_socket& socket,
                                              const json::value& argument) {
  const auto wanted = read_wish(argument, false);
  if (!wanted) return wanted.error();
  const bool operations = wanted->topic == operations_topic;
  const auto room = operations ? std::string(operators_room) : wanted->topic + ":" + wanted->id;
  if (client->following.erase(room) != 0) {
    socket.leave(room);
    if (operations) --watchers_;
  }
  return json::object{{"topic", wanted->topic}};
}

asio::awaitable<result<json::object>> live_events::refresh(live_client_ptr client,
                                                           std::shared_ptr<rt::io_socket> socket,
                                                           json::value argument) {
  object_reader fields(argument);
  fields.require("token");
  auto token = fields.utf8("token", {1, accounts::token_bytes_max, false}).value_or("");
  if (auto ok = fields.finish(); !ok) co_return ok.error();
  accounts::caller_facts from;
  from.remote_address = socket->handshake().remote_address;
  from.origin = socket->handshake().header("origin");
  from.host = socket->handshake().header("host");
  auto asked = parts_.identities.verify(std::move(from), std::move(token));
  auto who = co_await std::move(asked);
  if (!who) co_return who.error();
  if (who->user != client->who().user) {
    co_return error(
        errc::forbidden, "token",
        text("belongs to another user: connect anew", "es de otro usuario: vuelva a conectarse"));
  }
  const bool still_operator = who->has(accounts::operator_role);
  const std::string operators(operators_room);
  if (!still_operator && client->following.erase(operators) != 0) {
    socket->leave(operators);
    --watchers_;
  }
  const auto mark = mark_of(socket->data());
  socket->data() = to_json(*who);
  keep_mark(socket->data(), mark);
  json::object out{{"user", who->user}};
  if (who->expires_at_ms != 0) out["expiresAt"] = iso_time(who->expires_at_ms).chars;
  client->renew(std::move(*who));
  co_return out;
}

}  // namespace son1k::api
