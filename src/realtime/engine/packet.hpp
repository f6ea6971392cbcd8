// Packets of Engine.IO v4: one a frame over WebSocket, many in a payload over polling.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace son1k::realtime {

enum class engine_type : std::uint8_t { open, close, ping, pong, message, upgrade, noop };

struct engine_packet {
  engine_type type = engine_type::message;
  bool binary = false;  // a message
  std::string data;     // UTF-8, or any bytes if binary
  bool operator==(const engine_packet&) const = default;
};

// A text as it stands in a frame: the type's digit and the data. Nothing: no such type.
std::optional<engine_packet> read_packet(std::string_view text);
// A payload of polling: packets between record separators, binary ones as "b" and base64. Nothing:
// one of them is none, or there are more than `most`.
std::optional<std::vector<engine_packet>> read_payload(std::string_view payload, std::size_t most);

// The text form of a packet that is not binary.
std::string write_packet(engine_type type, std::string_view data = {});
// Adds a packet to a payload, in its text form or as base64.
void append_to_payload(std::string& payload, const engine_packet& packet);

}  // namespace son1k::realtime
