// From a brief to a score: form, harmony, melody, groove and arrangement. Pure and thread safe:
// the same brief, seed and engine_version give the same score on any machine (own random numbers,
// integer music arithmetic, no locale).
#pragma once
#include <cstdint>

#include "music/brief/brief.hpp"
#include "music/score.hpp"

namespace son1k::music {

// Grows whenever the same brief and seed would give other notes.
inline constexpr int engine_version = 1;

// `b` must come from understand(). The score's duration_seconds equals the brief's; notes end
// before it. Pieces of 30 s and more state the hook at least three times (score::hook_ticks).
score compose(const brief& b, std::uint64_t seed);

}  // namespace son1k::music
