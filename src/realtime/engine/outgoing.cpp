#include "realtime/engine/outgoing.hpp"

#include "realtime/websocket/frame.hpp"

namespace son1k::realtime {

outgoing::outgoing(std::string_view message, bool binary, urgency u, std::string key)
    : binary_(binary), urgency_(u), key_(std::move(key)) {
  const std::size_t bytes = message.size() + (binary ? 0 : 1);
  frame_.reserve(bytes + 10);
  append_frame_header(frame_, binary ? ws_opcode::binary : ws_opcode::text, bytes);
  head_ = frame_.size();
  if (!binary) frame_ += '4';
  frame_ += message;
}

outgoing::outgoing(std::span<const std::string_view> pieces, urgency u, std::string key)
    : urgency_(u), key_(std::move(key)) {
  std::size_t bytes = 1;
  for (const auto& each : pieces) bytes += each.size();
  frame_.reserve(bytes + 10);
  append_frame_header(frame_, ws_opcode::text, bytes);
  head_ = frame_.size();
  frame_ += '4';
  for (const auto& each : pieces) frame_ += each;
}

outgoing::outgoing(engine_type type, std::string_view data) {
  const auto packet = write_packet(type, data);
  append_frame_header(frame_, ws_opcode::text, packet.size());
  head_ = frame_.size();
  frame_ += packet;
}

}  // namespace son1k::realtime
