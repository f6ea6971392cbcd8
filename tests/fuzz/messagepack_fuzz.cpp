// What other Socket.IO servers send, as MessagePack or JSON: any bytes give a value or nothing, a
// value that is written again is read as the same one, and no part of a message is taken for what
// it is not.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "realtime/cluster/messagepack.hpp"
#include "realtime/cluster/session_text.hpp"
#include "realtime/cluster/wire.hpp"

namespace {

using namespace son1k::realtime;

void read_parts(packed_value read) {
  const auto& value = read.value;
  (void)selection_of(member(value, "opts"));
  (void)flags_of(member(value, "opts"));
  (void)sockets_of(member(value, "sockets"), read.attachments.size());
  const auto count = read.attachments.size();
  const auto payload = take_payload(value, read.attachments);
  if (payload.attachments.size() > count) std::abort();
  wire_writer text(false);
  if (!text.array(2).payload(payload).first_of(payload).take() && read_wire_json(payload.json) &&
      value.is_array()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto read = read_messagepack(bytes); read) {
    if (read->attachments.size() > packed_attachments_max) std::abort();
    std::string again;
    append_messagepack(again, read->value, read->attachments);
    const auto twice = read_messagepack(again);
    // Bytes may be named twice or in another order only where the value said so itself.
    if (!twice || (read->attachments.empty() && twice->value != read->value)) std::abort();
    read_parts(std::move(*read));
  }
  if (auto read = read_wire_json(bytes); read) read_parts(std::move(*read));
  if (const auto session = read_session(bytes); session) {
    const auto again = read_session(write_session(*session));
    if (!again || again->rooms != session->rooms) std::abort();
  }
  return 0;
}
