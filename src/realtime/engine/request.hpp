// What an HTTP request must be for Engine.IO, and the replies to what it must not be: the query,
// the WebSocket's handshake (RFC 6455 section 4.2), other sites (CORS). Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.hpp"
#include "realtime/engine/settings.hpp"

namespace son1k::realtime {

// The numbers are the protocol's.
enum class engine_fault : std::uint8_t {
  unknown_transport = 0,
  unknown_session = 1,
  bad_handshake_method = 2,
  bad_request = 3,
  forbidden = 4,
  unsupported_version = 5,
};
net::http_response fault_reply(engine_fault fault);

struct engine_query {
  std::string transport;
  std::string session;  // empty: a handshake
  std::string version;
  std::string stamp;  // of a poll
};
engine_query read_engine_query(const net::http_request& request);

inline constexpr std::string_view poll_type = "text/plain; charset=UTF-8";  // of a payload
inline constexpr std::string_view post_type = "text/html";                  // of its receipt

// Whether the request asks for a WebSocket at all.
bool asks_for_websocket(const net::http_request& request);
// Sec-WebSocket-Accept, or nothing: it asks for it in a way that must not be followed, which
// includes a body behind it.
std::optional<std::string> websocket_accept(const net::http_request& request);
// The 101 for it, without its takeover.
net::http_response websocket_reply(std::string_view accept);

// False: a page of another site that is not on the list.
bool is_origin_allowed(const engine_settings& settings, const net::http_request& request);
// What lets the page read the reply; `preflight` adds what it asked for.
void add_cors(const engine_settings& settings, const net::http_request& request,
              net::http_response& reply, bool preflight = false);

}  // namespace son1k::realtime
