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

struct composed {
  brief understood;  // of the whole
  score notes;
};
// What compose() makes of a request; an extended one (piece_request::parts) is composed part by
// part: all bars of a part but its ending are those of the part before, note for note, and what
// follows has its seed, key, tempo, metre, style and themes. A part's own prompt changes mood and
// instruments from there on. Errors as understand(); validation, field "parts": they do not grow.
result<composed> compose_request(const piece_request& request);

}  // namespace son1k::music
