// Bytes of clients: whatever the pieces they come in, the same is told; what is held has a bound;
// packets that are told can be read or are refused.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/engine/packet.hpp"
#include "realtime/socketio/packet.hpp"
#include "realtime/websocket/frame.hpp"

namespace {

using namespace son1k::realtime;

constexpr std::size_t most = 4'096;

std::vector<std::string> told(std::string bytes, std::size_t piece) {
  ws_reader reader(most);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::span<char> part(bytes.data() + at, std::min(piece, bytes.size() - at));
    for (;;) {
      const auto got = reader.next(part);
      if (reader.held() > most) std::abort();
      if (got.broken != 0) return out.push_back(std::to_string(got.broken)), out;
      if (!got.item) break;
      out.emplace_back(got.item->payload);
      if (got.item->what != ws_opcode::text) continue;
      const auto packet = read_packet(got.item->payload);
      const char* why = "";
      if (packet && !read_sio_packet(packet->data, why) && *why == '\0') std::abort();
    }
    if (!part.empty()) std::abort();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto whole = told(bytes, bytes.size());
  if (told(bytes, 1) != whole || told(bytes, 5) != whole) std::abort();
  if (auto packets = read_payload(bytes, 100); packets) {
    std::string payload;
    for (const auto& one : *packets) append_to_payload(payload, one);
    if (read_payload(payload, 100) != packets) std::abort();
  }
  const char* why = "";
  if (const auto packet = read_sio_packet(bytes, why); packet) {
    if (packet->attachments > sio_attachments_max) std::abort();
  } else if (*why == '\0') {
    std::abort();
  }
  return 0;
}
