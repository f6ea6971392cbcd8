#include "realtime/socketio/packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.hpp"

namespace son1k::realtime {
namespace {

constexpr std::size_t space_bytes_max = 256;
// What a message may be made of; its size is the engine's to bound.
constexpr std::size_t depth_max = 64;
constexpr std::size_t members_max = 10'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The number at the front of `text`, which it is taken from. Nothing: none, or beyond what fits.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || read.ec != std::errc()) return std::nullopt;
  text.remove_prefix(digits.size());
  return number;
}

// The four hexadecimal digits after "\\u" at `at`; nothing: no such escape.
std::optional<unsigned> escape_at(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned code = 0;
  const auto* digits = text.data() + at + 2;
  const auto read = std::from_chars(digits, digits + 4, code, 16);
  if (read.ec != std::errc() || read.ptr != digits + 4) return std::nullopt;
  return code;
}

bool is_high_surrogate(unsigned code) {
  return code >= 0xd800 && code < 0xdc00;
}

bool is_low_surrogate(unsigned code) {
  return code >= 0xdc00 && code < 0xe000;
}

// Half a character, as a text cut between two halves leaves it: JSON.stringify writes it as an
// escape, which no UTF-8 can hold. It becomes U+FFFD, as in the text of a socket. Nothing: there is
// none.
std::optional<std::string> without_lone_surrogates(std::string_view text) {
  std::optional<std::string> out;
  for (std::size_t at = text.find('\\'); at != std::string_view::npos && at + 1 < text.size();) {
    std::size_t next = at + 2;
    if (const auto code = escape_at(text, at); code && (*code & 0xf800) == 0xd800) {
      next = at + 6;
      const auto second = escape_at(text, next);
      if (is_high_surrogate(*code) && second && is_low_surrogate(*second)) {
        next += 6;
      } else {
        if (!out) out = text;
        out->replace(at, 6, "\\ufffd");
      }
    }
    at = text.find('\\', next);
  }
  return out;
}

const char* fault_of_event(const boost::json::value& data) {
  const auto* list = data.if_array();
  if (list == nullptr || list->empty()) return "an event that is no list";
  const auto& name = list->front();
  if (name.is_number()) return nullptr;
  if (!name.is_string()) return "an event without a name";
  return is_reserved_event(name.as_string()) ? "an event with a reserved name" : nullptr;
}

const char* fault_of(const sio_packet& packet) {
  const auto& data = packet.data;
  switch (packet.type) {
    case sio_type::connect:
      return data.is_null() || data.is_object() ? nullptr : "credentials that are no object";
    case sio_type::disconnect:
      return data.is_null() ? nullptr : "a disconnect with data";
    case sio_type::event:
    case sio_type::binary_event:
      return fault_of_event(data);
    case sio_type::ack:
    case sio_type::binary_ack:
      if (!packet.ack_id) return "an answer without an id";
      return data.is_array() ? nullptr : "an answer that is no list";
    case sio_type::connect_error:
      return "a packet that only servers send";
  }
  return "an unknown type";
}

}  // namespace

bool is_reserved_event(std::string_view name) {
  static constexpr std::array<std::string_view, 6> reserved{
      "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
  return std::ranges::find(reserved, name) != reserved.end();
}

std::optional<sio_packet> read_sio_packet(std::string_view text, const char*& why) {
  const auto refuse = [&](const char* reason) { return why = reason, std::nullopt; };
  if (text.empty() || text[0] < '0' || text[0] > '6') return refuse("an unknown type");
  sio_packet out;
  out.type = static_cast<sio_type>(text[0] - '0');
  text.remove_prefix(1);
  if (out.type == sio_type::binary_event || out.type == sio_type::binary_ack) {
    const auto attachments = take_number(text);
    if (!attachments || !text.starts_with('-')) return refuse("no number of attachments");
    if (*attachments > sio_attachments_max) return refuse("too many attachments");
    out.attachments = static_cast<std::size_t>(*attachments);
    text.remove_prefix(1);
  }
  if (text.starts_with('/')) {
    const auto end = std::min(text.find(','), text.size());
    if (end > space_bytes_max) return refuse("a namespace too long");
    // What stands behind a question mark was a query once.
    const auto name = text.substr(0, end);
    out.space = name.substr(0, name.find('?'));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty() && is_digit(text[0])) {
    out.ack_id = take_number(text);
    if (!out.ack_id) return refuse("an id of an answer too large");
  }
  if (!text.empty()) {
    const auto mended = without_lone_surrogates(text);
    auto parsed = parse_json(mended ? *mended : text, depth_max, members_max);
    if (!parsed) return refuse("broken JSON");
    out.data = std::move(*parsed);
  }
  if (const char* fault = fault_of(out); fault != nullptr) return refuse(fault);
  return out;
}

std::string write_sio_head(sio_type type, std::string_view space,
                           std::optional<std::uint64_t> ack_id, std::size_t attachments) {
  std::string out;
  out.push_back(static_cast<char>('0' + static_cast<int>(type)));
  if (type == sio_type::binary_event || type == sio_type::binary_ack)
    out += std::to_string(attachments) + "-";
  if (space != "/") {
    out.append(space);
    out.push_back(',');
  }
  if (ack_id) out += std::to_string(*ack_id);
  return out;
}

std::string write_sio_packet(sio_type type, std::string_view space,
                             std::optional<std::uint64_t> ack_id, std::string_view json,
                             std::size_t attachments) {
  auto out = write_sio_head(type, space, ack_id, attachments);
  out.append(json);
  return out;
}

}  // namespace son1k::realtime
