// What `son1k doctor` says about a Redis. Checks change nothing; any thread that may block.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "net/redis/redis_facts.hpp"
#include "ops/doctor.hpp"

namespace son1k::ops {

// How our queues are found there, and the version of the BullMQ fleet as it is set.
struct fleet_setting {
  std::string prefix = "bull";
  std::int64_t version = 6;
};

// Reaches it, greets it and asks it; one finding where that fails, else those of judge_redis() and
// judge_fleet().
std::vector<finding> check_redis(const std::string& url, const fleet_setting& fleet);

// Version, role, memory policy, durability and clock.
std::vector<finding> judge_redis(const net::redis_facts& facts);

// Which clients of BullMQ have opened our queues: of each its name and what it says, as
// "bullmq:5.81.5".
finding judge_fleet(const std::map<std::string, std::string>& versions, std::int64_t set);

}  // namespace son1k::ops
