// The chunked transfer coding (RFC 9112 section 7.1) as a state machine without I/O. Strict: CR LF
// only, at most 16 size digits, bounded extensions and trailers, both dropped. Not thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace son1k::net {

class chunked_body {
 public:
  enum class progress { more, complete, faulty, too_large };

  explicit chunked_body(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // Consumes from the front of `bytes` and appends what they carry to `body`. After `complete`,
  // `bytes` begins with the next request.
  progress feed(std::string_view& bytes, std::string& body);

 private:
  enum class state { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf, done };
  progress step(char c);
  progress end_size_line();
  progress end_trailer_line();

  std::size_t body_bytes_max_;
  state state_ = state::size;
  std::uint64_t size_ = 0;
  int digits_ = 0;
  std::size_t overhead_ = 0;  // bytes of extensions and trailers
  bool line_empty_ = true;    // of a trailer
};

}  // namespace son1k::net
