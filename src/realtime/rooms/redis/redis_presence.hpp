// People in rooms by server, in Redis. Whether a server lives is what the book of servers says
// (realtime/forward/redis/redis_node_book.hpp), which it must be entered in while it has people.
//
//   {prefix}people          set: servers that have people
//   {prefix}people:<node>   hash: "<room> <socket>" -> JSON
//
// Each server looks every few seconds for one that has people and lives no more, and takes its
// people, a few hundred at a time; so each of them is told once. One that looks anew and finds its
// own gone (others took it for dead, or Redis was emptied) writes them down again.
#pragma once
#include <memory>
#include <string>

#include "net/redis/redis_client.hpp"
#include "realtime/rooms/presence.hpp"

namespace son1k::realtime {

struct redis_presence_settings {
  std::string prefix = "bull:s1k:realtime:";  // that of the book
  std::string node;
  std::int64_t look_ms = 3'000;
  std::size_t people_max = 100'000;  // of this server; more are not written down
};

// The client outlives it.
std::unique_ptr<room_presence> make_redis_presence(net::redis_client& redis,
                                                   redis_presence_settings settings);

}  // namespace son1k::realtime
