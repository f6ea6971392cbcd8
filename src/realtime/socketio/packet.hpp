// Packets of Socket.IO v5, inside a message of Engine.IO:
// type[attachments-][/namespace,][ack id][JSON]. The attachments of a binary packet follow as
// binary messages of their own.
#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace son1k::realtime {

enum class sio_type : std::uint8_t {
  connect,
  disconnect,
  event,
  ack,
  connect_error,
  binary_event,
  binary_ack,
};

inline constexpr std::size_t sio_attachments_max = 10;

struct sio_packet {
  sio_type type = sio_type::event;
  std::string space = "/";
  std::optional<std::uint64_t> ack_id;
  std::size_t attachments = 0;  // that follow
  boost::json::value data;      // null where there is none
};

// As a client may send it. Nothing: a reason to close the connection. `why` says which, for logs.
std::optional<sio_packet> read_sio_packet(std::string_view text, const char*& why);

// `json` is the finished JSON text, empty for none; attachments only in a binary type.
// All of a packet that stands before its JSON.
std::string write_sio_head(sio_type type, std::string_view space,
                           std::optional<std::uint64_t> ack_id, std::size_t attachments);
std::string write_sio_packet(sio_type type, std::string_view space,
                             std::optional<std::uint64_t> ack_id, std::string_view json,
                             std::size_t attachments = 0);

// Names that an event may not have.
bool is_reserved_event(std::string_view name);

}  // namespace son1k::realtime
