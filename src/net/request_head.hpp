// The head of a request as a state machine without I/O. Every byte is checked here first, because a
// lenient reading is what request smuggling lives on (RFC 9112 sections 2.2, 3, 5 and 6.3); then
// Beast's parser takes it apart. One object a connection; not thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace son1k::net {

// What is wrong with a request, and what HTTP says to it.
struct http_fault {
  http_fault() = default;
  http_fault(int s, errc c, std::string_view e, std::string_view sp)
      : status(s), code(c), en(e), es(sp) {}
  error to_error() const { return {code, text(std::string(en), std::string(es))}; }

  int status = 0;
  errc code = errc::malformed;
  std::string_view en;  // static storage
  std::string_view es;
};

struct head_limits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t target_bytes_max = 8 * 1024;
  std::size_t fields_max = 100;
};

enum class head_progress { more, complete, faulty };

class request_head {
 public:
  explicit request_head(head_limits limits) : limits_(limits) {}

  // Looks at the bytes since the last call; `bytes` begins at the request's first byte each time.
  head_progress scan(std::string_view bytes);
  // Bytes of the head, its blank line included, once scan() says `complete`.
  std::size_t length() const { return position_; }
  // Takes the complete head apart; the request's views point into `block`. Sets the facts below.
  std::optional<http_fault> parse(std::string_view block, http_request& request);
  // Why scan() said `faulty`.
  const http_fault& fault() const { return fault_; }
  void reset();

  bool keep_alive = false;
  bool chunked = false;
  bool expects_continue = false;
  int minor_version = 1;
  std::uint64_t content_length = 0;

 private:
  class sink;
  head_progress fail(const http_fault& fault);
  head_progress end_line(std::string_view bytes);

  head_limits limits_;
  std::size_t position_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
  http_fault fault_;
};

}  // namespace son1k::net
