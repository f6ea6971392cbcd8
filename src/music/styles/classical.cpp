#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

progressions functional_major() {
  return {{"I | V7 | V7 | I", "I | IV | V7 | I", "I | vi | ii | V7", "I | ii | V7 | I"},
          {"I | IV | I | V7", "I | V7/ii | ii | V7", "I | vi | IV | V7"},
          {"vi | V7/vi | vi | V7/V | V | V7 | ii | V7", "V | V7/V | V | V7/vi | vi | ii | V | V7"}};
}

progressions functional_minor() {
  return {{"i | V7 | V7 | i", "i | iv | V7 | i", "i | VI | iih7 | V7"},
          {"i | iv | i | V7", "i | VI | iv | V7", "i | V7/iv | iv | V7"},
          {"III | VII | i | V7 | iv | i | iv | V7", "VI | III | iv | V7"}};
}

style classical() {
  style s{.id = "classical",
          .kind = genre::classical,
          .bpm = {76, 100, 132},
          .sound = colour::live_room,
          .looseness = 12};
  s.parts = {{.role = stem::bass,
              .programs = {gm::cello, gm::contrabass},
              .low = 36,
              .high = 55,
              .levels = {"R-------5-------", "R-------5-------", "R---5---R---5---"},
              .from_energy = 0.4,
              .velocity = 74,
              .reverb = 0.35},
             {.role = stem::arpeggio,
              .programs = {gm::piano},
              .low = 48,
              .high = 67,
              .levels = {"1-3-2-3-1-3-2-3-", "1-3-2-3-1-3-2-3-", "1323132313231323"},
              .velocity = 62,
              .reverb = 0.3,
              .pedal = false},
             {.role = stem::pad,
              .programs = {gm::strings, gm::slow_strings},
              .low = 50,
              .high = 74,
              .levels = {"X---------------", "X-------x-------", "X---x---x---x---"},
              .from_energy = 0.55,
              .velocity = 64,
              .reverb = 0.4,
              .swell = true},
             {.role = stem::arpeggio,
              .programs = {gm::pizzicato, gm::harp},
              .low = 55,
              .high = 79,
              .levels = {"", "....2...3...2...", "..2.3.4.3.2.3.4."},
              .from_energy = 0.7,
              .velocity = 60,
              .pan = 0.3,
              .reverb = 0.35}};
  s.lead = {
      .programs = {gm::violin, gm::flute, gm::oboe, gm::piano},
      .rhythms = {"x---x-x-x---x---", "x-x-x-x-x---x---", "x-----x-x-x-x-x-", "x---x---x-x-x-x-"},
      .reverb = 0.4,
      .delay = 0.0,
      .from_energy = 0.0,
      .answers = {gm::clarinet, gm::cello, gm::french_horn}};
  s.major = functional_major();
  s.minor = functional_minor();
  return s;
}

style waltz() {
  style s = classical();
  s.id = "waltz";
  s.bpm = {120, 152, 180};
  s.beats_per_bar = 3;
  s.section_bars = 16;
  s.parts[0].levels = {"R-----------", "R-----------", "R-----------"};
  s.parts[0].from_energy = 0.0;
  s.parts[0].programs = {gm::contrabass, gm::cello};
  s.parts[0].levels = {"R---........", "R---........", "R---........"};
  s.parts[1].role = stem::chords;
  s.parts[1].levels = {"....x---x---", "....x-..x-..", "....X-..x-.."};
  s.parts[2].levels = {"X-----------", "X-----------", "X-----------"};
  s.parts[3].levels = {"", "1...2...3...", "1.2.3.4.3.2."};
  s.lead.rhythms = {"x-------x---", "x---x---x---", "x-----x-x---", "x---x-x-x-x-"};
  return s;
}

style baroque() {
  style s = classical();
  s.id = "baroque";
  s.bpm = {80, 96, 116};
  s.looseness = 5;
  s.parts = {{.role = stem::bass,
              .programs = {gm::cello},
              .low = 36,
              .high = 55,
              .levels = {"R-------5-------", "R---3---5---a---", "R-3-5-3-5-8-5-a-"},
              .velocity = 76,
              .reverb = 0.3},
             {.role = stem::chords,
              .programs = {gm::harpsichord},
              .low = 50,
              .high = 72,
              .levels = {"X-------x-------", "X---x---x---x---", "1323X---1323x---"},
              .velocity = 70,
              .roll = 10,
              .reverb = 0.25},
             {.role = stem::pad,
              .programs = {gm::strings},
              .low = 52,
              .high = 76,
              .levels = {"X---------------", "X-------x-------", "X---x---x---x---"},
              .from_energy = 0.5,
              .velocity = 64,
              .reverb = 0.35}};
  s.lead.programs = {gm::violin, gm::oboe, gm::recorder, gm::harpsichord};
  s.lead.rhythms = {"x-xxx-xxx---x---", "x-x-x-x-xxxxx---", "x---x-xxx-x-x---"};
  s.lead.answers = {gm::violin, gm::flute};
  s.major.verse = {"I | V7 | I | V", "I | IV | viio | I", "I | vi | ii7 | V7"};
  s.minor.verse = {"i | V7 | i | V", "i | iv | VII | III | VI | iih7 | V7 | i"};
  return s;
}

}  // namespace

std::vector<style> classical_styles() {
  return {classical(), waltz(), baroque()};
}

}  // namespace son1k::music
