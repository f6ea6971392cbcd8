// Sets the faders: each track's busiest seconds are rendered and measured, so that the balance
// holds for any sound font and register. Deterministic; no shared state.
#pragma once
#include <stop_token>

#include "music/render/mixer.hpp"
#include "music/render/timeline.hpp"

namespace son1k::music::render {

// Linear gain for each track of the score, its gain_db included; 0 for a track that is not heard.
// Errors as mix().
result<std::vector<double>> track_gains(const score& s, const timeline& line,
                                        const mix_settings& settings, std::stop_token stop);

}  // namespace son1k::music::render
