// The tune: a hook and a verse motif, phrases, a counter-melody. Pure, thread safe.
#pragma once
#include <cstdint>
#include <vector>

#include "music/compose/harmony.hpp"

namespace son1k::music {

struct melody_range {
  int low = 60;
  int high = 81;
};

struct melody {
  std::vector<note> lead;
  std::vector<note> answers;             // the second voice: long tones, and solos
  std::vector<std::int32_t> hook_ticks;  // where `lead` states the hook's rhythm whole
};

melody sing(const form& f, const style& s, const key& k, const std::vector<chord_span>& chords,
            melody_range lead, melody_range answer, bool with_answers, rng random);

// One motif: rhythm and contour apart from any key.
struct motif_note {
  std::int32_t tick = 0;
  std::int32_t duration = 0;
  int offset = 0;  // scale steps from the motif's first note
};
struct motif {
  std::vector<motif_note> notes;
  int bars = 1;
};

// The best of some dozens of random tries: an arch of four to eight steps with one summit, leaps
// that turn back, a rhythm from `cells` (one-bar melody patterns in the metre `written`).
motif invent_motif(const std::vector<std::string_view>& cells, const metre& written,
                   const metre& played, int bars, rng& random);

}  // namespace son1k::music
