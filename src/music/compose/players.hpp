// Playing: drums, bass and accompaniment from the styles' patterns. Each function gives the notes
// of one track, still straight and exactly on the grid. Pure, thread safe.
#pragma once
#include <vector>

#include "music/compose/arrangement.hpp"

namespace son1k::music {

// All that the players look at.
struct session_plan {
  const style& kind;
  const form& shape;
  const key& tonality;
  const std::vector<chord_span>& chords;
};

std::vector<note> play_drums(const session_plan& plan, const drum_part& p, rng random);
std::vector<note> play_bass(const session_plan& plan, const player& p, rng random);
std::vector<note> play_chords(const session_plan& plan, const player& p, rng random);

// Percent of the written velocity at this energy.
int dynamics(double energy);
// 0 low, 1 middle, 2 high: which of a part's three patterns.
int level_of(double energy);
// Whether a part that enters at `from_energy` plays in the section.
bool plays_in(const section& s, double from_energy, bool asked);

}  // namespace son1k::music
