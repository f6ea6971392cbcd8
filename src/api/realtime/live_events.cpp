#include "api/realtime/live_events.hpp"

#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "api/credentials.hpp"
#include "api/envelope.hpp"
#include "api/gate.hpp"
#include "api/realtime/socket_identity.hpp"
#include "base/uuid.hpp"

namespace son1k::api {
namespace asio = boost::asio;
namespace json = boost::json;
namespace rt = realtime;
namespace {

// That of the handshake's auth object, else the cookie of a page of this server. Empty: none.
result<std::string> shown_token(const rt::io_request& request, const own_site& site) {
  auto given = token_of(request.auth);
  if (!given || !given->empty()) return given;
  const auto& shake = *request.handshake;
  const std::string cookie(cookie_in(shake.header("cookie"), access_cookie));
  if (cookie.empty()) return cookie;
  // A poll is a GET; a page's WebSocket always names its page.
  const page_facts page{shake.header("host"), shake.header("origin"),
                        shake.header("sec-fetch-site"), true};
  if (auto ok = site.check_page(page); !ok) return ok.error();
  return cookie;
}

}  // namespace

// To the sockets of this process, each once.
class live_events::outlet final : public news_outlet {
 public:
  explicit outlet(live_events& of) : of_(of), space_(of.parts_.space), clients_(of.clients_) {}
  bool anybody() const override { return clients_.count() != 0; }
  void second() override { of_.each_second(); }
  void tell(std::vector<std::string> rooms, const news_item& item) override {
    auto emission = space_.to(std::move(rooms));
    emission.local();
    if (item.latest) emission.latest(item.topic);
    emission.emit(payload_of(item));
  }

 private:
  live_events& of_;
  rt::io_space& space_;
  const live_clients& clients_;
};

// What is done with rooms over HTTP.
class live_events::ringing final : public room_listener {
 public:
  explicit ringing(live_events& of) : of_(of) {}
  void said(const rt::room_message& what) override { of_.talk_->said(what); }
  void changed(const std::string& room) override { of_.talk_->changed(room); }
  void invited(const std::string& user, const rt::room_invitation& to) override {
    of_.notify(user, {"invitation", to.room_name, to.room});
  }

 private:
  live_events& of_;
};

live_events::live_events(live_parts parts)
    : parts_(std::move(parts)), outlet_(std::make_unique<outlet>(*this)), news_(parts_.news) {
  news_.add(*outlet_);
  const call_binder calls{parts_.space, clients_, parts_.clock};
  talk_ = std::make_unique<room_talk>(calls, parts_.book, parts_.rooms, parts_.presence);
  ringing_ = std::make_unique<ringing>(*this);
  rt::io_space::admission ask = [this](rt::io_request r) { return admit(std::move(r)); };
  parts_.space.admit(std::move(ask));
  parts_.space.on_connect([this](const auto& socket) { connected(socket); });
  parts_.space.on_disconnect(
      [this](const auto& socket, std::string_view) { disconnected(socket); });
  bind_calls();
}

live_events::~live_events() {
  stop();
}

void live_events::start() {
  parts_.bell.attach(ringing_.get());
  revocations_ = parts_.identities.on_revoked([this](const auto& what) { revoked(what); });
}

void live_events::stop() {
  parts_.bell.attach(nullptr);
  revocations_.reset();
}

asio::awaitable<rt::io_verdict> live_events::admit(rt::io_request request) {
  const auto& shake = *request.handshake;
  const bool spanish = prefers_spanish(shake.header("accept-language"));
  accounts::caller_facts from;
  from.remote_address = shake.remote_address;
  from.origin = shake.header("origin");
  from.host = shake.header("host");
  auto token = shown_token(request, parts_.site);
  if (!token) {
    const auto fault = token.error();
    co_return rt::io_verdict::refuse(fault.message.in(spanish), refusal(fault, spanish));
  }
  auto asked = parts_.identities.verify(std::move(from), std::move(*token));
  auto who = co_await std::move(asked);
  if (!who) {
    const auto fault = who.error();
    co_return rt::io_verdict::refuse(fault.message.in(spanish), refusal(fault, spanish));
  }
  auto out = rt::io_verdict::accept(to_json(*who));
  if (request.kept) {
    out.recover = identity_of(request.kept->data).user == who->user;
    if (out.recover) {
      auto looking = talk_->may_come_back(who->user, request.kept->rooms);
      out.recover = co_await std::move(looking);
    }
    if (out.recover) keep_mark(out.data, mark_of(request.kept->data));
  }
  co_return out;
}

void live_events::connected(const rt::io_space::socket_ptr& socket) {
  const bool spanish = prefers_spanish(socket->handshake().header("accept-language"));
  auto client = std::make_shared<live_client>(socket, identity_of(socket->data()), spanish);
  clients_.add(client);
  for (const auto& room : socket->rooms()) {
    if (room == operators_room) {
      // What it may hear is asked again, for it may have come back as less than it was.
      if (client->who().has(accounts::operator_role)) {
        client->following.insert(room);
        ++watchers_;
      } else {
        socket->leave(room);
      }
    } else if (is_topic(news_.sources(), room)) {
      client->following.insert(room);
      socket->leave(room);  // until it enters, so that it hears nothing twice
    } else if (room == user_room(client->who().user)) {
      socket->leave(room);
    }
  }
  talk_->came_back(client, *socket);
  enter(client, socket);
}

// Between two events of the newsroom, so that the client hears each event from then on, and what it
// missed before them.
void live_events::enter(const live_client_ptr& client, const rt::io_space::socket_ptr& socket) {
  const auto since = socket->recovered() ? mark_of(socket->data()) : news_mark();
  std::vector<std::string> topics(client->following.begin(), client->following.end());
  std::erase(topics, operators_room);
  news_.run([this, client, since, topics](news_desk& desk) {
    const auto user = client->who().user;
    client->entered = desk.enter(user);
    if (!since.empty()) give(client->id, desk.catch_up(user, topics, since));
    auto rooms = topics;
    rooms.push_back(user_room(user));
    parts_.space.join_all({{client->id}, {}}, std::move(rooms));
  });
}

// The space keeps the order in which one thread tells and joins.
void live_events::give(const std::string& socket, const followed& missed) {
  for (const auto& one : missed.missed) {
    auto emission = parts_.space.to({socket});
    emission.local();
    emission.emit(payload_of(one));
  }
}

void live_events::disconnected(const rt::io_space::socket_ptr& socket) {
  const auto client = clients_.remove(socket->id());
  if (!client) return;
  if (client->following.contains(std::string(operators_room))) --watchers_;
  keep_mark(socket->data(), news_.a_minute_ago());
  talk_->gone(client, *socket);
}

void live_events::notify(const std::string& user, const notification& what) {
  parts_.space.to({user_room(user)})
      .emit(
          "notification",
          {json::object{
              {"id", uuid_v7()}, {"kind", what.kind}, {"title", what.title}, {"body", what.body}}});
}

void live_events::alert(const notification& what) {
  parts_.space.to({std::string(operators_room)})
      .emit(
          "alert",
          {json::object{
              {"id", uuid_v7()}, {"kind", what.kind}, {"title", what.title}, {"body", what.body}}});
}

void live_events::each_second() {
  const auto now = parts_.clock.now_ms();
  for (const auto& client : clients_.all()) look_at_expiry(client, now);
  talk_->tick();
  if (watchers_ == 0 || !parts_.watch) return;
  for (const auto& [name, data] : parts_.watch()) {
    auto emission = parts_.space.to({std::string(operators_room)});
    emission.local().latest(name);
    emission.emit(rt::payload_of_json(name, data));
  }
}

void live_events::look_at_expiry(const live_client_ptr& client, std::int64_t now_ms) {
  const auto until = client->who().expires_at_ms;
  if (until == 0) return;
  const auto left = until - now_ms;
  if (left > expiry_warning_ms) {
    client->warned = false;
    return;
  }
  if (left <= 0) {
    asio::post(client->executor, [client] {
      if (const auto socket = client->socket()) socket->disconnect(true);
    });
    return;
  }
  if (std::exchange(client->warned, true)) return;
  asio::post(client->executor, [client, until] {
    if (const auto socket = client->socket())
      socket->emit("auth:expired", {json::object{{"expiresAt", iso_time(until).chars}}});
  });
}

void live_events::revoked(const accounts::revocation& what) {
  for (const auto& client : clients_.all()) {
    if (!what.concerns(client->who())) continue;
    asio::post(client->executor, [client] {
      if (const auto socket = client->socket()) socket->disconnect(true);
    });
  }
}

}  // namespace son1k::api
