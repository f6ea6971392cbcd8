// One HTTP/1.1 exchange with a server, whole in memory, on the calling thread: for the program's
// own commands, never for a reactor. Plain http only. Thread-safe: calls share nothing.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::net {

struct client_request {
  http_method method = http_method::get;
  std::string target = "/";
  std::string body;  // with a Content-Type among the headers
  std::vector<std::pair<std::string, std::string>> headers;
};

struct client_reply {
  int status = 0;
  std::string body;
};

struct server_address {
  std::string host;  // without brackets
  std::uint16_t port = 80;
};
// From "http://HOST[:PORT][/]". validation, field "server": another scheme, a path, no host.
result<server_address> parse_address(std::string_view url);

struct client_bounds {
  std::chrono::milliseconds time{60'000};         // of the whole exchange
  std::size_t body_bytes_max = 64 * 1024 * 1024;  // of the reply
};

// unavailable (field "server"): nobody listens there, or the connection broke · timeout ·
// payload_too_large: the reply is longer than the bound.
result<client_reply> exchange(const server_address& to, const client_request& what,
                              client_bounds bounds = {});

}  // namespace son1k::net
