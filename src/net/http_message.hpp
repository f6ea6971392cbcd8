// What a handler gets and what it gives back. A request's views point into its connection's buffer
// and live until the handler has returned; a handler that keeps anything longer copies it. Not
// thread-safe: a request belongs to its connection's reactor.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace son1k::net {

class event_stream;
class open_file;
class peer_watch;
struct taken_socket;

enum class http_method : std::uint8_t { get, head, post, put, patch, remove, options };
std::string_view name_of(http_method method);  // "GET" … "DELETE"
std::optional<http_method> parse_method(std::string_view name);

// What stands before the handlers knows of a request; net carries it and does not look at it.
struct request_note {
  virtual ~request_note() = default;
};

struct header_field {
  std::string_view name;
  std::string_view value;
};

struct http_request {
  // The first field of that name (any case), or empty. Fields that a server must not merge (Host,
  // Content-Length) occur once at most.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  // The percent-decoded value of a query parameter ('+' is a space); the first one wins. Nothing if
  // it is absent or cannot be decoded.
  std::optional<std::string> query(std::string_view name) const;
  // Each pair of the query, decoded, in order; for callers that refuse unknown parameters.
  std::vector<std::pair<std::string, std::string>> query_pairs() const;
  // The decoded value of ":name" in the route's pattern, or empty.
  std::string_view param(std::string_view name) const;

  http_method method = http_method::get;
  std::string_view target;     // as sent: "/a/b%20c?x=1"
  std::string_view path;       // "/a/b%20c"
  std::string_view raw_query;  // "x=1"
  std::string_view route;      // the matched pattern, "/a/:name"; empty before the match
  std::vector<header_field> fields;
  std::vector<std::pair<std::string_view, std::string>> params;
  std::string body;             // whole and within the route's bound; a handler may move it away
  std::string_view request_id;  // the caller's if it was sane, else ours
  std::string_view remote_address;        // the peer's IP address, without the port
  boost::asio::any_io_executor executor;  // the connection's reactor
  int minor_version = 1;                  // of HTTP/1
  peer_watch* peer = nullptr;             // while the handler runs; null outside a server
  std::shared_ptr<void> mark;             // what before_body() left; goes with the request
  const request_note* note = nullptr;     // while the handler runs, of whoever put it there
  bool head() const { return method == http_method::head; }
};

// The fields of a reply in wire form, so that adding one costs an append. CR, LF and NUL never
// pass: such a value is cut at that byte.
class header_lines {
 public:
  void add(std::string_view name, std::string_view value);
  // The first value of that name (any case), or empty; linear.
  std::string_view get(std::string_view name) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A part of an open file; it is sent with sendfile(2) and never held in memory.
struct file_body {
  std::shared_ptr<const open_file> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct http_response {
  http_response() = default;
  explicit http_response(int s) : status(s) {}

  int status = 200;
  std::string_view content_type;  // static storage; empty: no Content-Type field
  // The server writes Content-Length, Date, Connection, X-Request-Id, Content-Encoding and Vary.
  header_lines headers;
  std::variant<std::string, std::shared_ptr<const std::string>, file_body,
               std::shared_ptr<event_stream>>
      body;
  bool close = false;  // end the connection after this reply
  // Of a 101: gets the connection once the reply's head is written, on its reactor. It may throw
  // the connection away, which closes it.
  std::function<void(taken_socket)> takeover;
};

inline constexpr std::string_view json_type = "application/json; charset=utf-8";
inline constexpr std::string_view text_type = "text/plain; charset=utf-8";

http_response json_response(int status, std::string serialized);
http_response json_response(int status, const boost::json::value& value);
http_response text_response(int status, std::string text);
// 200 with an event stream (see event_stream.hpp).
http_response event_stream_response(std::shared_ptr<event_stream> stream);

// "OK", "Not Found", …; "Unknown" for a status without a registered phrase.
std::string_view reason_of(int status);
// Percent-decoding; nothing on a broken escape, a NUL, or what is no UTF-8 then. '+' stays unless
// `plus_is_space`.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// ASCII comparison without regard to case.
bool same_name(std::string_view a, std::string_view b);

}  // namespace son1k::net
