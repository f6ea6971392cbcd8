#include "net/chunked_body.hpp"

#include <algorithm>

#include "net/field_text.hpp"

namespace son1k::net {
namespace {

constexpr std::size_t overhead_bytes_max = 16 * 1024;

bool is_printable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

}  // namespace

chunked_body::progress chunked_body::feed(std::string_view& bytes, std::string& body) {
  while (!bytes.empty() && state_ != state::done) {
    if (state_ == state::data) {
      const auto part =
          bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size())));
      if (part.size() > body_bytes_max_ - std::min(body.size(), body_bytes_max_)) {
        return progress::too_large;
      }
      body.append(part);
      bytes.remove_prefix(part.size());
      size_ -= part.size();
      if (size_ == 0) state_ = state::data_cr;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (const auto outcome = step(c); outcome != progress::more) return outcome;
    // Refused as soon as the size is known, before a byte of the chunk is kept.
    if (state_ == state::data && size_ > body_bytes_max_ - std::min(body.size(), body_bytes_max_)) {
      return progress::too_large;
    }
  }
  return state_ == state::done ? progress::complete : progress::more;
}

chunked_body::progress chunked_body::step(char c) {
  switch (state_) {
    case state::size: {
      const int digit = hex_value(c);
      if (digit >= 0) {
        if (++digits_ > 16) return progress::faulty;
        size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
        return progress::more;
      }
      if (digits_ == 0) return progress::faulty;
      if (c == '\r') state_ = state::size_lf;
      if (c == ';') state_ = state::extension;
      return c == '\r' || c == ';' ? progress::more : progress::faulty;
    }
    case state::extension:
      if (c == '\r') {
        state_ = state::size_lf;
        return progress::more;
      }
      return is_printable(c) && ++overhead_ <= overhead_bytes_max ? progress::more
                                                                  : progress::faulty;
    case state::size_lf:
      return c == '\n' ? end_size_line() : progress::faulty;
    case state::data_cr:
      state_ = state::data_lf;
      return c == '\r' ? progress::more : progress::faulty;
    case state::data_lf:
      state_ = state::size;
      return c == '\n' ? progress::more : progress::faulty;
    case state::trailer:
      if (c == '\r') {
        state_ = state::trailer_lf;
        return progress::more;
      }
      line_empty_ = false;
      return is_printable(c) && ++overhead_ <= overhead_bytes_max ? progress::more
                                                                  : progress::faulty;
    case state::trailer_lf:
      return c == '\n' ? end_trailer_line() : progress::faulty;
    case state::data:
    case state::done:
      break;
  }
  return progress::faulty;
}

chunked_body::progress chunked_body::end_size_line() {
  digits_ = 0;
  state_ = size_ == 0 ? state::trailer : state::data;
  line_empty_ = true;
  return progress::more;
}

chunked_body::progress chunked_body::end_trailer_line() {
  state_ = line_empty_ ? state::done : state::trailer;
  line_empty_ = true;
  return progress::more;
}

}  // namespace son1k::net
