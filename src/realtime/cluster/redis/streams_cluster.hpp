// The cluster over a Redis stream, in the layout of @socket.io/redis-streams-adapter.
//
//   {stream}                     broadcasts, joins, leaves, disconnects: entries of the bus
//   {channel}#<space>#           questions: MessagePack {uid, nsp, type, data}
//   {channel}#<space>#<uid>#     answers to that node, likewise
//   {sessions}<pid>              base64 of MessagePack {sid, pid, rooms, data}
//
// Adapters before 0.3 ask and answer in the stream, too, and tell by heartbeats there that they
// live: `questions_in_stream` is for fleets of those. Both ways are heard, and a question is
// answered the way it came.
#pragma once
#include "base/clock.hpp"
#include "net/redis/redis_client.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

struct streams_cluster_settings {
  std::vector<std::string> spaces = {"/"};  // the namespaces of this node
  std::string stream = "socket.io";
  std::string channel = "socket.io";
  std::string sessions = "sio:session:";
  std::int64_t messages_max = 10'000;  // kept, or somewhat more
  bool questions_in_stream = false;
  std::int64_t answer_ms = 5'000;        // waited for the answers of others
  std::int64_t heartbeat_ms = 5'000;     // with questions_in_stream
  std::int64_t silence_ms_max = 10'000;  // after which a node counts as dead, likewise
};

// Is heard and hears once this returned. Client and clock must outlive it. unavailable: Redis is
// away · conflict: the name of the stream belongs to something else.
result<std::unique_ptr<cluster>> make_streams_cluster(net::redis_client& redis,
                                                      const clock_port& clock,
                                                      streams_cluster_settings settings = {});

}  // namespace son1k::realtime
