// Requests that go through a router without a socket: the same handlers, the same replies. For
// commands that open the data folder themselves. One caller at a time; the router outlives it, and
// it outlives whatever the handlers may still post to its loop (stop those parts first).
#pragma once
#include <boost/asio/io_context.hpp>

#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/router.hpp"

namespace son1k::net {

class route_caller {
 public:
  route_caller(const router& routes, error_renderer renderer);

  // Runs the route's handler on this thread until it has replied. Refusals of the router (404, 405,
  // 413) are replies as a server would give them. internal: the reply is a file or a stream.
  result<client_reply> call(const client_request& what);

 private:
  http_response refuse(errc code, int status, text why, const http_request& request) const;
  http_response run(const route& row, http_request& request);

  const router& routes_;
  const error_renderer renderer_;
  boost::asio::io_context loop_;
};

}  // namespace son1k::net
