// The cluster over publish and subscribe, in the layout of @socket.io/redis-adapter 8 and of
// @socket.io/redis-emitter 5. For fleets that use those: what is said while a node is away from
// Redis is lost to it, and nothing can be recovered (not_found).
//
//   {prefix}#<space>#[<room>#]          broadcasts: MessagePack [uid, {type, data, nsp}, {rooms,
//                                       except, flags}]
//   {prefix}-request#<space>#           requests: JSON, or MessagePack where they hold bytes
//   {prefix}-response#<space>#[<uid>#]  what is answered, likewise
#pragma once
#include "base/clock.hpp"
#include "net/redis/redis_client.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

struct classic_cluster_settings {
  std::vector<std::string> spaces = {"/"};  // the namespaces of this node
  std::string prefix = "socket.io";
  std::int64_t answer_ms = 5'000;  // waited for the answers of others
};

// Is heard and hears once this returned. Client and clock must outlive it. unavailable: Redis is
// away.
result<std::unique_ptr<cluster>> make_classic_cluster(net::redis_client& redis,
                                                      const clock_port& clock,
                                                      classic_cluster_settings settings = {});

}  // namespace son1k::realtime
