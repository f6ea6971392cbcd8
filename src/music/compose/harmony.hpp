// Harmony: which chord sounds when. Pure, thread safe.
#pragma once
#include <cstdint>
#include <vector>

#include "music/compose/form.hpp"
#include "music/compose/random.hpp"
#include "music/compose/theory.hpp"

namespace son1k::music {

struct chord_span {
  std::int32_t tick = 0;
  std::int32_t duration = 0;
  chord what;
};

// The whole piece in chords, ascending and without holes from 0 to the form's length. Verses and
// bridges end open on the dominant, hooks and the piece close with V - I; in minor the dominant
// is major.
std::vector<chord_span> plan_harmony(const form& f, const style& s, const key& k, rng random);

// The chord that sounds at `tick`; the last one after the end. `chords` must not be empty.
const chord_span& chord_at(const std::vector<chord_span>& chords, std::int32_t tick);

// Chord tones of a close or opened position within low..high, ascending, moving as little as may
// be from `previous` (empty: near the middle). At most `voices` tones.
std::vector<int> voice_chord(const chord& c, int low, int high, int voices,
                             const std::vector<int>& previous);

}  // namespace son1k::music
