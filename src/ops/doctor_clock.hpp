// How far a server's clock may be from ours: leases, limits and schedules compare their times.
#pragma once
#include "ops/doctor.hpp"

namespace son1k::ops {

// A warning from 1 s, bad from 30 s; the skew is known to half of `round_ms`.
finding judge_clock(std::string about, std::int64_t skew_ms, std::int64_t round_ms);

}  // namespace son1k::ops
