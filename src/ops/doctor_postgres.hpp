// What `son1k doctor` says about a PostgreSQL beyond its schema. Checks change nothing; any thread
// that may block.
#pragma once
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "ops/doctor.hpp"
#include "ops/postgres_facts.hpp"

namespace son1k::ops {

// Opens it and asks; empty where it cannot be reached or asked, which check_database() says.
std::vector<finding> check_postgres(const open_database& open, const clock_port& clock);

// Version and role, durability, connections, clock.
std::vector<finding> judge_postgres(const postgres_facts& facts);

}  // namespace son1k::ops
