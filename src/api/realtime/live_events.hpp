// What the application says over Socket.IO: who may connect, what its user and whom it follows
// hear, the calls of clients. docs/live-events.md is the contract.
//
// Owned by the wiring. The space, and what else it is given, must outlive stop(); it must be made
// before the space's server and the newsroom are started, and the newsroom be stopped before it
// goes. Thread-safe but for start() and stop().
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "accounts/identity/identity.hpp"
#include "api/realtime/client_calls.hpp"
#include "api/realtime/newsroom.hpp"
#include "api/realtime/room_talk.hpp"
#include "api/room_bell.hpp"
#include "api/services.hpp"

namespace son1k::api {

inline constexpr std::string_view operators_room = "operators";
inline constexpr std::int64_t expiry_warning_ms = 30'000;

// What operators who watch are told: event names and JSON.
using watched_facts = std::vector<std::pair<std::string, std::string>>;
watched_facts watch_operations(const services& with);

struct live_parts {
  realtime::io_space& space;
  accounts::identities& identities;
  realtime::room_book& book;
  room_bell& bell;
  realtime::room_store& rooms;
  realtime::room_presence& presence;
  newsroom& news;
  const clock_port& clock;
  std::function<watched_facts()> watch;  // asked each second while somebody watches
  own_site site = {};                    // whose pages may show their token in a cookie
};

struct notification {
  std::string kind;
  std::string title;
  std::string body;
};

class live_events {
 public:
  explicit live_events(live_parts parts);
  ~live_events();
  void start();
  // Repeatable. The server of the space has been stopped.
  void stop();

  // To all sockets of the user, whichever process they are connected to.
  void notify(const std::string& user, const notification& what);
  // To the operators who watch, of every process.
  void alert(const notification& what);

  std::size_t clients() const { return clients_.count(); }

 private:
  class outlet;
  class ringing;
  boost::asio::awaitable<realtime::io_verdict> admit(realtime::io_request request);
  void connected(const realtime::io_space::socket_ptr& socket);
  void disconnected(const realtime::io_space::socket_ptr& socket);
  void enter(const live_client_ptr& client, const realtime::io_space::socket_ptr& socket);
  void give(const std::string& socket, const followed& missed);
  void bind_calls();
  boost::asio::awaitable<result<boost::json::object>> subscribe(
      live_client_ptr client, std::shared_ptr<realtime::io_socket> socket,
      boost::json::value argument);
  result<boost::json::object> unsubscribe(const live_client_ptr& client,
                                          realtime::io_socket& socket,
                                          const boost::json::value& argument);
  boost::asio::awaitable<result<boost::json::object>> refresh(
      live_client_ptr client, std::shared_ptr<realtime::io_socket> socket,
      boost::json::value argument);
  result<boost::json::object> watch(const live_client_ptr& client, realtime::io_socket& socket);
  void each_second();
  void look_at_expiry(const live_client_ptr& client, std::int64_t now_ms);
  void revoked(const accounts::revocation& what);

  const live_parts parts_;
  live_clients clients_;
  std::unique_ptr<outlet> outlet_;
  newsroom& news_;
  std::unique_ptr<room_talk> talk_;
  std::unique_ptr<ringing> ringing_;
  std::atomic<std::size_t> watchers_{0};
  std::shared_ptr<void> revocations_;
};

}  // namespace son1k::api
