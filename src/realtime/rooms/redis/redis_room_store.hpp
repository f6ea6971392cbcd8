// The rooms of many processes, in Redis: per room a hash {version, state} with a time to live.
//
//   {prefix}{room}:state
#pragma once
#include "net/redis/redis_client.hpp"
#include "realtime/rooms/room_store.hpp"

namespace son1k::realtime {

// The client outlives it.
std::unique_ptr<room_store> make_redis_room_store(net::redis_client& redis, std::string prefix);

}  // namespace son1k::realtime
