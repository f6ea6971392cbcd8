// Events as finished messages, encoded once for all that get them.
#pragma once
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "realtime/engine/outgoing.hpp"
#include "realtime/socketio/cluster.hpp"
#include "realtime/socketio/socket.hpp"

namespace son1k::realtime {

// The packet's text and then its attachments.
using io_parts = boost::container::small_vector<outgoing_ptr, 1>;

inline constexpr std::size_t io_event_bytes_max = 1'000'000;
std::size_t bytes_of(const io_payload& event);

// Why this cannot be sent as an event: no list, no name, a reserved one, too many attachments, too
// large; nullptr: it can. Does not parse what the program itself made.
const char* fault_of(const io_payload& event);
// The name at the front of an event's payload, unescaped where it has no escapes.
std::string_view name_in(const io_payload& event);
bool ends_with_text(const io_payload& event);

struct io_encoding {
  std::optional<std::uint64_t> ack_id;
  std::string_view offset;  // appended as the last argument unless empty
  io_urgency how;
};
io_parts encode_event(std::string_view space, const io_payload& event, const io_encoding& how);
io_parts encode_ack(std::string_view space, std::uint64_t ack_id, const io_payload& answer);
// CONNECT, DISCONNECT and CONNECT_ERROR.
outgoing_ptr encode_plain(char type, std::string_view space, std::string_view json);

}  // namespace son1k::realtime
