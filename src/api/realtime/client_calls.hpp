// How events of clients are read and answered: one object as the argument, an envelope as the ack.
//   {"success":true, …}   {"success":false,"error":{"code","message","field"?,"details"?}}
// Pure; thread-safe.
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "api/realtime/live_clients.hpp"
#include "base/error.hpp"
#include "realtime/socketio/server.hpp"

namespace son1k::api {

inline constexpr std::size_t thing_id_points_max = 80;

boost::json::object answer(const result<boost::json::object>& given, bool spanish);
// For an io_verdict: what CONNECT_ERROR carries beside the message.
boost::json::object refusal(const error& fault, bool spanish);

// The argument of a call. validation: there is another number of them, or it is no object.
result<boost::json::value> argument_of(realtime::io_event& event);

// Binds a call: it is counted against the client's allowance (rate_limited), read, answered. The
// function answers at once, on the socket's reactor.
using call = std::function<result<boost::json::object>(const live_client_ptr&, realtime::io_socket&,
                                                       const boost::json::value& argument)>;
// It answers later; the argument is its own.
using slow_call = std::function<boost::asio::awaitable<result<boost::json::object>>(
    live_client_ptr, std::shared_ptr<realtime::io_socket>, boost::json::value argument)>;

struct call_binder {
  realtime::io_space& space;
  const live_clients& clients;
  const clock_port& clock;

  void bind(std::string name, call what, std::int64_t cost = 1) const;
  void bind_slow(std::string name, slow_call what, std::int64_t cost = 1) const;
};

}  // namespace son1k::api
