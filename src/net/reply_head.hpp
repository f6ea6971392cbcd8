// A reply's status line and fields in wire form, and the choice of its content coding. Not
// thread-safe; the strings belong to the caller.
#pragma once
#include <string>
#include <string_view>

#include "net/http_message.hpp"

namespace son1k::net {

struct reply_frame {
  std::string_view date;  // of now, "Sun, 06 Nov 1994 08:49:37 GMT"
  std::string_view request_id;
  std::string_view allow;  // for 405 and OPTIONS; empty: no field
  int minor_version = 1;   // of the request
  bool keep_alive = true;
  bool vary_encoding = false;
  bool gzipped = false;
};

// Appends the head to `out`, blank line included.
void append_reply_head(std::string& out, const http_response& reply, const reply_frame& frame);

// Bytes of the body as sent; 0 for a stream.
std::uint64_t body_length(const http_response& reply);
// The body where it is text in memory, else empty.
std::string_view body_text(const http_response& reply);
// True if the status has no body by definition (1xx, 204, 304).
bool is_bodiless(int status);

// Compresses the body in place where the caller accepts it and it pays; sets the frame's flags.
void compress_reply(http_response& reply, std::string_view accept_encoding, std::size_t bytes_min,
                    reply_frame& frame);

}  // namespace son1k::net
