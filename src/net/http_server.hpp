// The HTTP/1.1 server (RFC 9110, RFC 9112): a listener with SO_REUSEPORT on each reactor, strict
// parsing, a bound on everything. It knows no resource: what it serves is the router's, and how an
// error looks is the renderer's. Owns its connections; the reactors and the router outlive it.
// start(), stop() and port() belong to one owner thread that is no reactor's.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/http_message.hpp"
#include "net/reactors.hpp"
#include "net/router.hpp"

namespace son1k::net {

// Makes the reply of an error: those of the server itself (400 … 505) and what a handler threw
// (500). `status` is what HTTP asks for. The request may be incomplete: method, path and fields are
// empty where the head could not be read; request_id is always there. Runs on a reactor.
using error_renderer =
    std::function<http_response(const error& fault, int status, const http_request& request)>;
// Called once a request after its reply is handed over; for metrics and logs. Must be quick.
struct request_report {
  const http_request* request = nullptr;
  int status = 0;
  std::uint64_t body_bytes = 0;  // of the reply; 0 for a stream
  std::chrono::nanoseconds took{0};
};
using request_observer = std::function<void(const request_report&)>;

struct http_server_settings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3001;  // 0: any free port, see port()
  // Names and addresses that a request's Host may hold, without port; others get 421. Empty: any. A
  // server on loopback needs the list: a web page can point a name of its own at 127.0.0.1 (DNS
  // rebinding) and would then be of the same origin.
  std::vector<std::string> hosts_allowed;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t target_bytes_max = 8 * 1024;
  std::size_t header_fields_max = 100;
  std::size_t body_bytes_max = 1024 * 1024;  // unless the route says otherwise
  std::chrono::milliseconds header_time{9'500};
  // A body gets this much time, and more only while it keeps body_rate_min on the whole.
  std::chrono::milliseconds body_time{9'500};
  std::size_t body_rate_min = 8 * 1024;               // bytes a second
  std::chrono::milliseconds write_stall_time{9'500};  // a reader that takes nothing is cut
  std::chrono::milliseconds idle_time{60'000};        // keep-alive without a request
  std::chrono::milliseconds handler_time{30'000};     // unless the route says otherwise
  std::chrono::milliseconds drain_time{10'000};       // grace of stop()
  std::chrono::milliseconds sweep_time{250};          // how often deadlines are looked at
  std::chrono::milliseconds heartbeat_time{15'000};   // of event streams
  std::size_t connections_max = 16'384;  // also kept under the process's limit of descriptors
  std::size_t pipeline_max = 32;         // requests served in a row before others get a turn
  std::size_t gzip_bytes_min = 1024;
};

class http_server {
 public:
  http_server(reactors& loops, const router& routes, http_server_settings settings,
              error_renderer renderer = {}, request_observer observer = {});
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  // Binds and listens. errc::unavailable if the address is taken (the message names it and says
  // what to do), errc::validation if `host` is no IP address or "localhost".
  result<void> start();
  // The bound port; 0 before start().
  std::uint16_t port() const;
  // Open connections, over all reactors.
  std::size_t connections() const;
  // Stops accepting, closes what idles, ends event streams, lets running requests finish within
  // drain_time, then cuts the rest; returns when none is left. Repeatable.
  void stop();

 private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace son1k::net
