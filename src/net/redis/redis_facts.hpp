// What a Redis is and how it is set up, for start-up and `son1k doctor`.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/redis/redis_client.hpp"

namespace son1k::net {

struct redis_facts {
  std::string version;           // "7.0.15"
  std::string mode;              // standalone · cluster · sentinel
  std::string role;              // master · slave
  std::string maxmemory_policy;  // "noeviction"; empty where the server does not say
  std::int64_t maxmemory = 0;    // bytes; 0 is no limit
  std::int64_t used_memory = 0;
  bool loading = false;
  bool aof = false;
  std::string aof_fsync;      // always · everysec · no; empty where CONFIG is not allowed
  std::int64_t skew_ms = 0;   // the server's clock less ours
  std::int64_t round_ms = 0;  // how long the question took: the skew is known to half of that
};

// Asks INFO, TIME and CONFIG GET (the last may be forbidden). Blocks the calling thread.
result<redis_facts> read_redis_facts(redis_caller& client, const clock_port& clock);

// The value of `name` in a text of INFO; empty where it is absent.
std::string_view info_field(std::string_view info, std::string_view name);
// 7.0.15 as 70015; 0 for what is no version.
int version_number(std::string_view version);

}  // namespace son1k::net
