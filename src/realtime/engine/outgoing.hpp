// A message on its way to clients, encoded once for all of them: the finished WebSocket frame, in
// which the text form of Engine.IO stands, too. Immutable and counted, so any number of connections
// on any thread share one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "realtime/engine/packet.hpp"

namespace son1k::realtime {

// What a connection whose queue is full may do with a message.
enum class urgency : std::uint8_t {
  kept,      // never dropped; the connection is cut rather
  latest,    // gives way to a later one with the same key
  volatile_  // dropped when the connection is not ready to write
};

class outgoing {
 public:
  // `message` is what follows the type's digit: UTF-8, or any bytes if `binary`.
  outgoing(std::string_view message, bool binary, urgency u = urgency::kept, std::string key = {});

  // A text in pieces.
  outgoing(std::span<const std::string_view> pieces, urgency u, std::string key);

  // A packet of the engine's own: a ping, a close.
  explicit outgoing(engine_type type, std::string_view data = {});

  bool binary() const { return binary_; }
  urgency how() const { return urgency_; }
  const std::string& key() const { return key_; }  // of urgency::latest
  // The unmasked frame, FIN set.
  std::string_view frame() const { return frame_; }
  // As it stands in the frame: the type's digit and the text, or the bare bytes if binary.
  std::string_view body() const { return std::string_view(frame_).substr(head_); }

 private:
  std::string frame_;
  std::size_t head_ = 0;
  bool binary_ = false;
  urgency urgency_ = urgency::kept;
  std::string key_;
};

using outgoing_ptr = std::shared_ptr<const outgoing>;

}  // namespace son1k::realtime
