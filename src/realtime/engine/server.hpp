// The Engine.IO v4 server: gives an HTTP server's router the routes of one path and carries
// sessions over long polling and WebSocket. Owns its sessions, each on one reactor; the reactors
// and the HTTP server's router outlive it or are stopped before it goes. routes(), start() and
// stop() belong to one owner thread that is no reactor's; figures() is for any.
#pragma once
#include <memory>
#include <vector>

#include "base/error.hpp"
#include "net/reactors.hpp"
#include "net/router.hpp"
#include "realtime/engine/connection.hpp"
#include "realtime/engine/forwarder.hpp"
#include "realtime/engine/settings.hpp"

namespace son1k::realtime {

class engine_server {
 public:
  // `forward` outlives it; without one, sessions of other servers are unknown.
  engine_server(net::reactors& loops, engine_settings settings, engine_acceptor accept,
                engine_forwarder* forward = nullptr);
  ~engine_server();
  engine_server(const engine_server&) = delete;
  engine_server& operator=(const engine_server&) = delete;

  // For a router that is filled once; they may be called between start() and stop().
  std::vector<net::route> routes();
  void start();
  // Ends every session (close_reason::server_stops) and gives peers a moment to take their leave.
  // Before the HTTP server's own stop(), which waits for polls. Repeatable.
  void stop();

  engine_figures figures() const;

 private:
  class impl;
  const std::shared_ptr<impl> impl_;
};

}  // namespace son1k::realtime
