// The bus of many processes: one stream in Redis, in the layout of Socket.IO's streams adapter, so
// that its servers hear ours and ours hear theirs.
//
//   {stream}                    entries uid, nsp, type, data; about 10,000 are kept
//   {sessions}<pid>             the state of a client that may come back, until its time is over
//
// A thread of the bus reads the stream on a connection of its own, from where it stopped, however
// often Redis goes away; entries that are no messages are passed over.
#pragma once
#include "net/redis/redis_client.hpp"
#include "realtime/bus/bus.hpp"

namespace son1k::realtime {

struct stream_bus_settings {
  std::string stream = "socket.io";
  std::string sessions = "sio:session:";
  std::int64_t messages_max = 10'000;  // kept, or somewhat more
};

// Hears what is published once this returned. The client must outlive it. unavailable: Redis is
// away. conflict: the name of the stream belongs to something else.
result<std::unique_ptr<bus>> make_stream_bus(net::redis_client& redis,
                                             stream_bus_settings settings = {});

}  // namespace son1k::realtime
