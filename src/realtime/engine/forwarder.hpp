// What an Engine.IO server needs so that a request may land at any server of the installation: the
// one that does not have the session passes it on to the one that has. Called on the reactor of the
// request's connection.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>

#include "net/http_message.hpp"

namespace son1k::realtime {

enum class request_sender : std::uint8_t { client, other_server, forger };

class engine_forwarder {
 public:
  virtual ~engine_forwarder() = default;
  // Of another server's: `request` says from here on whose it was at first.
  virtual request_sender sender_of(net::http_request& request) = 0;
  // The reply of `node`; "Session ID unknown" if it is not there or does not answer. With `accept`
  // the client wants a WebSocket: a 101 says so and joins the two connections.
  virtual boost::asio::awaitable<net::http_response> forward(std::string node,
                                                             net::http_request& request,
                                                             std::string accept) = 0;
  // Makes the other server see that the reply is this one's.
  virtual void sign(net::http_response& reply) const = 0;
};

}  // namespace son1k::realtime
