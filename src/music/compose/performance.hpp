// Performance: swing, human timing, pedals and swells, and the last checks of a track. Pure,
// thread safe.
#pragma once
#include <cstdint>
#include <vector>

#include "music/compose/players.hpp"

namespace son1k::music {

// Where a straight tick falls in the style's swing; monotonic, bar lines and beats stay.
std::int32_t swung(std::int32_t tick, const style& s, const metre& m);

// Bends straight notes to swing, moves each by a few ticks of human timing and `late`, drops
// overlaps of equal keys, sorts, and keeps everything within 0..end.
std::vector<note> perform(std::vector<note> notes, const session_plan& plan, int late, rng random);

// Sustain pedal changed with each chord; expression that rises and falls over each chord.
std::vector<controller> pedal_line(const session_plan& plan);
std::vector<controller> swell_line(const session_plan& plan);

}  // namespace son1k::music
