// The bus of many processes: one stream in Redis, in the layout of Socket.IO's streams adapter, so
// that its servers hear ours and ours hear theirs.
//
//   {stream}                    entries uid, nsp, type, data and, where the publisher marks its
//                               own, mark; about 10,000 are kept
//   {sessions}<pid>             the state of a client that may come back, until its time is over
//
// A thread of the bus reads the stream on a connection of its own, from where it stopped, however
// often Redis goes away; entries that are no messages, or too large, are passed over.
#pragma once
#include "net/redis/redis_client.hpp"
#include "realtime/bus/bus.hpp"

namespace son1k::realtime {

struct stream_bus_settings {
  std::string stream = "socket.io";
  std::string sessions = "sio:session:";
  std::int64_t messages_max = 10'000;  // kept, or somewhat more
};

// The command that appends a message of `node`, for callers that do not wait for it.
net::redis_command stream_entry(const stream_bus_settings& settings, std::string_view node,
                                const bus_message& message);

// Hears what is published once this returned. The client must outlive it. unavailable: Redis is
// away. conflict: the name of the stream belongs to something else.
result<std::unique_ptr<bus>> make_stream_bus(net::redis_client& redis,
                                             stream_bus_settings settings = {});

}  // namespace son1k::realtime
