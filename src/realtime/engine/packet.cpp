#include "realtime/engine/packet.hpp"

#include "base/base64.hpp"

namespace son1k::realtime {
namespace {

constexpr char separator = '\x1e';

}  // namespace

std::optional<engine_packet> read_packet(std::string_view text) {
  if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
  engine_packet out;
  out.type = static_cast<engine_type>(text[0] - '0');
  out.data = text.substr(1);
  return out;
}

std::optional<std::vector<engine_packet>> read_payload(std::string_view payload, std::size_t most) {
  std::vector<engine_packet> out;
  for (bool more = true; more;) {
    const auto end = payload.find(separator);
    more = end != std::string_view::npos;
    const auto text = payload.substr(0, end);
    if (more) payload.remove_prefix(end + 1);
    if (out.size() == most) return std::nullopt;
    if (text.starts_with('b')) {
      auto bytes = from_base64(text.substr(1));
      if (!bytes) return std::nullopt;
      out.push_back({engine_type::message, true, std::move(*bytes)});
      continue;
    }
    auto packet = read_packet(text);
    if (!packet) return std::nullopt;
    out.push_back(std::move(*packet));
  }
  return out;
}

std::string write_packet(engine_type type, std::string_view data) {
  std::string out;
  out.reserve(1 + data.size());
  out.push_back(static_cast<char>('0' + static_cast<int>(type)));
  out.append(data);
  return out;
}

void append_to_payload(std::string& payload, const engine_packet& packet) {
  if (!payload.empty()) payload.push_back(separator);
  if (packet.binary) {
    payload.push_back('b');
    append_base64(payload, packet.data);
    return;
  }
  payload.push_back(static_cast<char>('0' + static_cast<int>(packet.type)));
  payload.append(packet.data);
}

}  // namespace son1k::realtime
