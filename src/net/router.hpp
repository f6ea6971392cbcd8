// A table from method and path to a handler. Filled before the server starts, then only read, so
// any number of threads may match. A static path is one hash look-up; patterns with ":name"
// segments are tried by their number of segments, static segments first.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::net {

// Runs on the connection's reactor and may suspend; it resumes there. What it throws becomes a 500.
using handler = std::function<boost::asio::awaitable<http_response>(http_request&)>;
// For a reply that is at hand: it costs no coroutine. It must not block.
using sync_handler = std::function<http_response(http_request&)>;

// Asked when a request's head is there and its body is still to come: a reply refuses it unread.
using body_gate =
    std::function<boost::asio::awaitable<std::optional<http_response>>(http_request&)>;
// Adds to a reply that the server itself makes for a request of this route (408, 413, 415, 503).
using refusal_dress = std::function<void(http_request&, http_response&)>;

struct route_options {
  std::size_t body_bytes_max = 0;          // 0: the server's default
  std::vector<std::string> content_types;  // of a request's body; empty: any. "application/json"
  int timeout_ms = 0;                      // 0: the server's default; does not bound a stream
  bool compress = true;                    // gzip where it pays
  body_gate before_body;                   // may be empty
  refusal_dress on_refusal;                // may be empty
};

struct route {
  route(http_method m, std::string p, handler h, route_options o = {})
      : method(m), pattern(std::move(p)), run(std::move(h)), options(std::move(o)) {}
  route(http_method m, std::string p, sync_handler h, route_options o = {})
      : method(m), pattern(std::move(p)), run(std::move(h)), options(std::move(o)) {}

  http_method method;
  std::string pattern;  // "/api/generation/:id/audio"
  std::variant<handler, sync_handler> run;
  route_options options;
};

class router {
 public:
  // Fails with errc::conflict on a second route of the same method and pattern, with
  // errc::validation on a pattern that does not begin with '/' or has an empty segment; only a
  // static path may end with a slash.
  result<void> add(route row);
  // For tables in code: as add(), but a faulty row is a programming error and ends the program.
  void add_all(std::vector<route> rows);

  struct match {
    const route* found = nullptr;  // null: 404, or 405 where `allowed` is not empty
    std::string_view allowed;      // "GET, HEAD, OPTIONS" for the path; empty if there is none
  };
  // Fills `request.params` and `request.route`. HEAD finds the GET route. A path with an escaped
  // slash, a NUL, or a "." or ".." segment finds nothing.
  match find(http_request& request) const;
  // Every row, for documentation made from the table.
  std::vector<const route*> rows() const;

 private:
  struct node {
    std::string pattern;
    std::vector<std::string> segments;  // ":id" marks a parameter
    std::vector<std::unique_ptr<route>> routes;
    std::string allowed;
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  static bool bind(const node& candidate, const std::vector<std::string_view>& segments,
                   http_request& request);
  static match choose(const node& candidate, http_request& request);

  std::unordered_map<std::string, node*, text_hash, std::equal_to<>> statics_;
  std::map<std::size_t, std::vector<node*>> patterns_;  // by number of segments
  std::vector<std::unique_ptr<node>> nodes_;
};

}  // namespace son1k::net
