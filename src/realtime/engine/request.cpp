#include "realtime/engine/request.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/base64.hpp"

namespace son1k::realtime {
namespace {

struct fault_row {
  int status;
  std::string_view body;
};
constexpr std::array<fault_row, 6> fault_rows{{
    {400, R"({"code":0,"message":"Transport unknown"})"},
    {400, R"({"code":1,"message":"Session ID unknown"})"},
    {400, R"({"code":2,"message":"Bad handshake method"})"},
    {400, R"({"code":3,"message":"Bad request"})"},
    {403, R"({"code":4,"message":"Forbidden"})"},
    {400, R"({"code":5,"message":"Unsupported protocol version"})"},
}};

// Whether a list of tokens in a field holds this one.
bool has_token(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto token = list.substr(0, comma);
    while (!token.empty() && (token.front() == ' ' || token.front() == '\t'))
      token.remove_prefix(1);
    while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) token.remove_suffix(1);
    if (net::same_name(token, wanted)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::size_t fields_named(const net::http_request& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.fields.begin(), request.fields.end(),
                    [&](const auto& field) { return net::same_name(field.name, name); }));
}

bool is_listed(const engine_settings& settings, std::string_view origin) {
  return std::any_of(settings.cors_origins.begin(), settings.cors_origins.end(),
                     [&](const auto& one) { return one == "*" || one == origin; });
}

// "https://here:3001" is of the host "here:3001".
bool is_of_host(std::string_view origin, std::string_view host) {
  const auto scheme = origin.find("://");
  return scheme != std::string_view::npos && net::same_name(origin.substr(scheme + 3), host);
}

// A session id that is no text is still one, which nobody has.
std::string session_of(const net::http_request& request) {
  if (auto id = request.query("sid")) return std::move(*id);
  const bool named = ("&" + std::string(request.raw_query)).find("&sid=") != std::string::npos;
  return named ? "?" : "";
}

}  // namespace

net::http_response fault_reply(engine_fault fault) {
  const auto& row = fault_rows[static_cast<std::size_t>(fault)];
  net::http_response reply(row.status);
  reply.content_type = "application/json";
  reply.body = std::string(row.body);
  return reply;
}

engine_query read_engine_query(const net::http_request& request) {
  engine_query out;
  out.transport = request.query("transport").value_or("");
  out.session = session_of(request);
  out.version = request.query("EIO").value_or("");
  out.stamp = request.query("t").value_or("");
  return out;
}

bool asks_for_websocket(const net::http_request& request) {
  return has_token(request.header("Upgrade"), "websocket") &&
         has_token(request.header("Connection"), "upgrade");
}

std::optional<std::string> websocket_accept(const net::http_request& request) {
  // A body behind the head would be read as frames, or frames as a body.
  const bool bare =
      request.body.empty() && !request.has_header("Transfer-Encoding") &&
      (!request.has_header("Content-Length") || request.header("Content-Length") == "0");
  if (request.method != net::http_method::get || request.minor_version < 1 || !bare) return {};
  if (fields_named(request, "Sec-WebSocket-Key") != 1 ||
      fields_named(request, "Sec-WebSocket-Version") != 1 ||
      request.header("Sec-WebSocket-Version") != "13") {
    return {};
  }
  const auto key = request.header("Sec-WebSocket-Key");
  const auto bytes = from_base64(key);
  if (key.size() != 24 || !bytes || bytes->size() != 16) return {};
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string out;
  append_base64(out, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return out;
}

net::http_response websocket_reply(std::string_view accept) {
  net::http_response out(101);
  out.headers.add("Upgrade", "websocket");
  out.headers.add("Connection", "Upgrade");
  out.headers.add("Sec-WebSocket-Accept", accept);
  return out;
}

bool is_origin_allowed(const engine_settings& settings, const net::http_request& request) {
  const auto origin = request.header("Origin");
  return settings.cors_origins.empty() || origin.empty() || is_listed(settings, origin) ||
         is_of_host(origin, request.header("Host"));
}

void add_cors(const engine_settings& settings, const net::http_request& request,
              net::http_response& reply, bool preflight) {
  if (settings.cors_origins.empty()) return;
  reply.headers.add("Vary", "Origin");
  const auto origin = request.header("Origin");
  if (origin.empty() || !is_listed(settings, origin)) return;
  reply.headers.add("Access-Control-Allow-Origin", origin);
  reply.headers.add("Access-Control-Allow-Credentials", "true");
  if (!preflight) return;
  const auto method = request.header("Access-Control-Request-Method");
  const auto fields = request.header("Access-Control-Request-Headers");
  if (!method.empty()) reply.headers.add("Access-Control-Allow-Methods", method);
  if (!fields.empty()) reply.headers.add("Access-Control-Allow-Headers", fields);
}

}  // namespace son1k::realtime
