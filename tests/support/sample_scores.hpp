// Scores made by hand for tests and benchmarks of the renderer, so that they need no composer.
#pragma once
#include "music/brief/brief.hpp"
#include "music/score.hpp"

namespace son1k::test {

// A full pop band: kit, percussion, bass, piano, pad, lead, counter, arpeggio; about 45 voices at
// once, sidechain on.
music::score dense_pop(double seconds);
// A solo piano with pedal: melody over broken chords.
music::score light_piano(double seconds);

// What a brief for such a score says: title, prompt, D minor at the score's tempo.
music::brief brief_for(const music::score& s, music::quality grade = music::quality::standard);

}  // namespace son1k::test
