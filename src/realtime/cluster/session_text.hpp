// A kept session as Socket.IO's servers write it: base64 of MessagePack {sid, pid, rooms, data}.
// Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

std::string write_session(const kept_session& session);
// Nothing: it is none. Bytes within its data are lost: null stands for them.
std::optional<kept_session> read_session(std::string_view text);

}  // namespace son1k::realtime
