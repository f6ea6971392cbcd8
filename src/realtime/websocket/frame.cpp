#include "realtime/websocket/frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/utf8.hpp"

namespace son1k::realtime {
namespace {

constexpr std::uint64_t control_bytes_max = 125;
constexpr std::size_t close_reason_max = control_bytes_max - 2;

// `from`: how many bytes of the frame came before these.
void unmask(std::span<char> bytes, const std::array<char, 4>& mask, std::size_t from) {
  std::array<char, 8> turned{};
  for (std::size_t n = 0; n < turned.size(); ++n) turned[n] = mask[(from + n) % 4];
  std::uint64_t key = 0;
  std::memcpy(&key, turned.data(), sizeof key);
  std::size_t n = 0;
  for (; n + sizeof key <= bytes.size(); n += sizeof key) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + n, sizeof word);
    word ^= key;
    std::memcpy(bytes.data() + n, &word, sizeof word);
  }
  for (; n < bytes.size(); ++n) bytes[n] = static_cast<char>(bytes[n] ^ turned[n % 4]);
}

// Whether a peer may give it (section 7.4).
bool may_be_given(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int n = bytes; n-- > 0;) out.push_back(static_cast<char>((number >> (8 * n)) & 0xff));
}

}  // namespace

ws_reader::outcome ws_reader::next(std::span<char>& bytes) {
  while (!bytes.empty()) {
    if (!in_frame_) {
      if (!take_header(bytes)) return {};
      if (const auto bad = check_header(); bad.code != 0) return broken(bad);
      in_frame_ = true;
    }
    // A frame without a payload ends with its header.
    if (left_ > 0 && bytes.empty()) return {};
    auto out = take_payload(bytes);
    if (out.item || out.broken != 0) return out;
  }
  return {};
}

std::size_t ws_reader::header_wanted() const {
  if (header_bytes_ < 2) return 2;
  const auto length = header_[1] & 0x7f;
  const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
  return 2 + more + ((header_[1] & 0x80) != 0 ? 4 : 0);
}

bool ws_reader::take_header(std::span<char>& bytes) {
  while (header_bytes_ < header_wanted()) {
    if (bytes.empty()) return false;
    const auto n = std::min(header_wanted() - header_bytes_, bytes.size());
    std::memcpy(header_.data() + header_bytes_, bytes.data(), n);
    header_bytes_ += n;
    bytes = bytes.subspan(n);
  }
  return true;
}

ws_reader::fault ws_reader::check_header() {
  fin_ = (header_[0] & 0x80) != 0;
  opcode_ = header_[0] & 0x0f;
  if ((header_[0] & 0x70) != 0) return {ws_code::protocol_error, "a reserved bit is set"};
  if (opcode_ > 10 || (opcode_ > 2 && opcode_ < 8))
    return {ws_code::protocol_error, "a reserved opcode"};
  if ((header_[1] & 0x80) == 0) return {ws_code::protocol_error, "a frame without a mask"};
  left_ = header_[1] & 0x7f;
  const auto wide = left_ == 126 ? 2U : left_ == 127 ? 8U : 0U;
  if (wide > 0) {
    left_ = 0;
    for (std::size_t n = 0; n < wide; ++n) left_ = left_ << 8 | header_[2 + n];
    if (wide == 8 && (left_ >> 63) != 0)
      return {ws_code::protocol_error, "a length with its highest bit set"};
    if (left_ < (wide == 2 ? 126U : 65'536U))
      return {ws_code::protocol_error, "a length in more bytes than it needs"};
  }
  if (control()) {
    if (!fin_) return {ws_code::protocol_error, "a control frame in fragments"};
    if (left_ > control_bytes_max) return {ws_code::protocol_error, "a control frame too long"};
  } else {
    const bool goes_on = opcode_ == 0;
    if (goes_on != open_.has_value())
      return {ws_code::protocol_error,
              goes_on ? "a continuation of nothing" : "a message within another"};
    if (!goes_on) open_ = static_cast<ws_opcode>(opcode_);
    if (left_ > most_ - message_.size()) return {ws_code::too_big, "a message too long"};
  }
  std::memcpy(mask_.data(), header_.data() + 2 + wide, mask_.size());
  masked_ = control_bytes_ = 0;
  return {};
}

ws_reader::outcome ws_reader::take_payload(std::span<char>& bytes) {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  const auto part = bytes.first(n);
  bytes = bytes.subspan(n);
  unmask(part, mask_, masked_);
  masked_ += n;
  left_ -= n;
  const std::string_view text(part.data(), part.size());
  // Whole in what was given: told from there, without a copy.
  if (left_ == 0 && masked_ == n && fin_ && message_.empty() && opcode_ != 0)
    return end_of_frame(text);
  if (control()) {
    std::memcpy(control_.data() + control_bytes_, part.data(), n);
    control_bytes_ += n;
    return left_ == 0 ? end_of_frame({control_.data(), control_bytes_}) : outcome{};
  }
  message_.append(text);
  if (left_ > 0) return {};
  if (!fin_) {
    in_frame_ = false;
    header_bytes_ = 0;
    return {};
  }
  told_ = std::exchange(message_, std::string());
  return end_of_frame(told_);
}

ws_reader::outcome ws_reader::end_of_frame(std::string_view whole) {
  in_frame_ = false;
  header_bytes_ = 0;
  if (control()) {
    const auto what = static_cast<ws_opcode>(opcode_);
    if (what == ws_opcode::close) return close_of(whole);
    return {ws_item{what, whole, 0}, 0, ""};
  }
  const auto what = *std::exchange(open_, std::nullopt);
  if (what == ws_opcode::text && !count_code_points(whole))
    return broken({ws_code::not_utf8, "a text that is not UTF-8"});
  return {ws_item{what, whole, 0}, 0, ""};
}

ws_reader::outcome ws_reader::close_of(std::string_view payload) {
  if (payload.empty()) return {ws_item{ws_opcode::close, {}, ws_code::none_given}, 0, ""};
  if (payload.size() == 1) return broken({ws_code::protocol_error, "half a close code"});
  const auto high = static_cast<unsigned char>(payload[0]);
  const auto low = static_cast<unsigned char>(payload[1]);
  const auto code = static_cast<std::uint16_t>(high << 8 | low);
  const auto reason = payload.substr(2);
  if (!may_be_given(code))
    return broken({ws_code::protocol_error, "a close code that may not be given"});
  if (!count_code_points(reason))
    return broken({ws_code::not_utf8, "a close reason that is not UTF-8"});
  return {ws_item{ws_opcode::close, reason, code}, 0, ""};
}

void append_frame_header(std::string& out, ws_opcode what, std::uint64_t payload_bytes) {
  out.push_back(static_cast<char>(0x80 | static_cast<int>(what)));
  if (payload_bytes < 126) {
    out.push_back(static_cast<char>(payload_bytes));
  } else if (payload_bytes < 65'536) {
    out.push_back(126);
    append_big_endian(out, payload_bytes, 2);
  } else {
    out.push_back(127);
    append_big_endian(out, payload_bytes, 8);
  }
}

void append_frame(std::string& out, ws_opcode what, std::string_view payload) {
  append_frame_header(out, what, payload.size());
  out.append(payload);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason) {
  std::string cut(reason);
  cut_text(cut, close_reason_max);
  append_frame_header(out, ws_opcode::close, 2 + cut.size());
  append_big_endian(out, code, 2);
  out.append(cut);
}

}  // namespace son1k::realtime
