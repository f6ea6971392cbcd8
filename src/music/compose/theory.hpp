// Keys, scales and chords as small values. Pure functions, thread safe. Pitch classes are 0 = C ..
// 11 = B, pitches MIDI keys, a pitch-class set is a mask with bit n for class n.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "music/brief/brief.hpp"

namespace son1k::music {

using pitch_set = std::uint16_t;

struct key {
  int tonic = 0;
  mode scale = mode::major;
  bool flats = false;  // spelling of black keys
};

struct chord {
  int root = 0;            // pitch class
  std::vector<int> tones;  // semitones above the root, ascending, 0 first
  std::string symbol;      // "Dm7"
  bool dominant = false;   // functions as V: its third leads
};

int pitch_class(int pitch);
pitch_set scale_set(const key& k);
pitch_set tones_of(const chord& c);
bool contains(pitch_set set, int pitch);

// The scale to play over a chord: the key's, with notes that clash with the chord's altered tones
// replaced by them (the raised seventh over V in minor).
pitch_set scale_over(const key& k, const chord& c);

// `steps` members of `set` up (or down) from `pitch`, which is first moved to the nearest member.
int walk(pitch_set set, int pitch, int steps);
// The nearest member of `set`; ties go up if `up`.
int nearest(pitch_set set, int pitch, bool up = true);

std::string note_name(int pitch_class, bool flats);

// A roman numeral in the key: "I", "iv7", "bVII", "iih7" (half diminished), "V7/ii", "Imaj7".
// Unknown text gives the tonic chord.
chord roman(std::string_view numeral, const key& k);

// "I | vi IV | V" as bars of one or more chords.
std::vector<std::vector<chord>> parse_progression(std::string_view text, const key& k);

}  // namespace son1k::music
