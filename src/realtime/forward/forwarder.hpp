// Passes polls, posts and WebSockets on to the servers that have their sessions. Owns its
// connections to them, some on each reactor. start() and stop() belong to one owner thread that is
// no reactor's; figures() is for any. Reactors and book outlive it, and it outlives the engine's
// server and the HTTP server.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "base/metrics.hpp"
#include "net/reactors.hpp"
#include "realtime/engine/forwarder.hpp"
#include "realtime/forward/node_book.hpp"

namespace son1k::realtime {

struct forward_settings {
  std::string node;                               // this server's name
  std::size_t polls_max = 8'000;                  // under way at once, over all reactors
  std::size_t tunnels_max = 8'000;                // WebSockets, likewise
  std::chrono::milliseconds poll_time{55'000};    // longer than a session lets a poll wait
  std::chrono::milliseconds answer_time{10'000};  // of everything else
  std::size_t reply_bytes_max = 4 * 1024 * 1024;
};

struct forward_figures {
  std::uint64_t answered = 0;  // passed on and answered
  std::uint64_t unknown = 0;   // no such server, or it does not know the session's server either
  std::uint64_t broken = 0;    // the other server did not answer
  std::uint64_t refused = 0;   // at a bound
  std::uint64_t taken = 0;     // requests that others passed on to this one
  std::uint64_t forged = 0;    // requests that said so without proof
  std::size_t under_way = 0;
  std::size_t tunnels = 0;
};

class forwarder final : public engine_forwarder {
 public:
  forwarder(net::reactors& loops, node_book& book, forward_settings settings);
  ~forwarder() override;

  request_sender sender_of(net::http_request& request) override;
  boost::asio::awaitable<net::http_response> forward(std::string node, net::http_request& request,
                                                     std::string accept) override;
  void sign(net::http_response& reply) const override;

  // Ends what is under way: those clients come back elsewhere. Repeatable.
  void stop();
  forward_figures figures() const;
  void gather_figures(std::vector<metrics::family>& out) const;

 private:
  class impl;
  const std::shared_ptr<impl> impl_;
};

}  // namespace son1k::realtime
