#include "net/reply_head.hpp"

#include <array>
#include <charconv>

#include "net/compression.hpp"

namespace son1k::net {
namespace {

// A larger text would hold the reactor for too long; it goes out as it is.
constexpr std::size_t gzip_bytes_max = 1024 * 1024;

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason_of(status)).append("\r\n");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(value).append("\r\n");
}

bool is_stream(const http_response& reply) {
  return std::holds_alternative<std::shared_ptr<event_stream>>(reply.body);
}

}  // namespace

bool is_bodiless(int status) {
  return status < 200 || status == 204 || status == 304;
}

std::string_view body_text(const http_response& reply) {
  if (const auto* own = std::get_if<std::string>(&reply.body)) return *own;
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&reply.body)) {
    return *shared ? std::string_view(**shared) : std::string_view();
  }
  return {};
}

std::uint64_t body_length(const http_response& reply) {
  if (const auto* file = std::get_if<file_body>(&reply.body)) return file->length;
  return body_text(reply).size();
}

void append_reply_head(std::string& out, const http_response& reply, const reply_frame& frame) {
  append_status_line(out, reply.status);
  append_field(out, "Date: ", frame.date);
  append_field(out, "X-Request-Id: ", frame.request_id);
  if (!reply.content_type.empty()) append_field(out, "Content-Type: ", reply.content_type);
  if (is_stream(reply)) {
    if (frame.minor_version == 1) out.append("Transfer-Encoding: chunked\r\n");
  } else if (!is_bodiless(reply.status)) {
    out.append("Content-Length: ");
    append_number(out, body_length(reply));
    out.append("\r\n");
  }
  if (frame.gzipped) out.append("Content-Encoding: gzip\r\n");
  if (frame.vary_encoding) out.append("Vary: Accept-Encoding\r\n");
  if (!frame.allow.empty()) append_field(out, "Allow: ", frame.allow);
  if (!frame.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (frame.minor_version == 0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append(reply.headers.text()).append("\r\n");
}

void compress_reply(http_response& reply, std::string_view accept_encoding, std::size_t bytes_min,
                    reply_frame& frame) {
  const auto bytes = body_text(reply);
  if (bytes.size() < bytes_min || bytes.size() > gzip_bytes_max || reply.status == 206 ||
      !is_compressible(reply.content_type)) {
    return;
  }
  // A strong ETag names the bytes as they are; a coding of our own would belie it.
  if (!reply.headers.get("Content-Encoding").empty() || !reply.headers.get("ETag").empty()) return;
  frame.vary_encoding = true;
  if (!accepts_gzip(accept_encoding)) return;
  auto packed = gzip(bytes);
  if (packed.empty() || packed.size() >= bytes.size()) return;
  reply.body = std::move(packed);
  frame.gzipped = true;
}

}  // namespace son1k::net
