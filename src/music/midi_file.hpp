// Writes a score as a standard MIDI file (format 1, Standard MIDI Files 1.0). Pure, thread safe.
#pragma once
#include <string>

#include "music/score.hpp"

namespace son1k::music {

// The bytes of the file. Track 0 carries title, tempo, metre, key, a marker for each section and
// a text event for each chord; then one MIDI track for each score track, its name first.
// Percussion goes to channel 10; more than 15 melodic tracks share channels round robin.
std::string write_midi(const score& s, const std::string& title = {});

}  // namespace son1k::music
