// What `son1k doctor` says about a Redis. Checks change nothing; any thread that may block.
#pragma once
#include <string>
#include <vector>

#include "net/redis/redis_facts.hpp"
#include "ops/doctor.hpp"

namespace son1k::ops {

// Reaches it, greets it and asks it; one finding where that fails, else those of judge_redis().
std::vector<finding> check_redis(const std::string& url);

// Version, role, memory policy, durability and clock.
std::vector<finding> judge_redis(const net::redis_facts& facts);

}  // namespace son1k::ops
