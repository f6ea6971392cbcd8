#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style pop() {
  style s{.id = "pop", .kind = genre::pop, .bpm = {84, 108, 128}, .sound = colour::bright};
  s.drums = {{.levels = {{{{hit::kick, "X.......x......."},
                           {hit::rim, "....x.......x..."},
                           {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{hit::kick, "X.....x.X......."},
                           {hit::snare, "....X.......X..g"},
                           {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{hit::kick, "X..x..x.X.x....."},
                           {hit::snare, "....X.......X..g"},
                           {hit::clap, "....x.......x..."},
                           {hit::hat, "xoxoxoxoxoxoxox."},
                           {hit::open_hat, "..............x."},
                           {hit::tambourine, "..o...o...o...o."}}}}}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::finger_bass, gm::synth_bass},
              .low = 28,
              .high = 45,
              .levels = {"R---------------", "R-----R-R---5-8-", "R-RrR-R-R-R-5-8-"},
              .from_energy = 0.25,
              .velocity = 88,
              .reverb = 0.02},
             {.role = stem::chords,
              .programs = {gm::piano, gm::electric_piano},
              .low = 52,
              .high = 74,
              .levels = {"X---------------", "X---x---x---x-x-", "X---x-x-X---x-x-"},
              .velocity = 74,
              .reverb = 0.2,
              .pedal = true},
             {.role = stem::chords,
              .programs = {gm::steel_guitar, gm::clean_guitar},
              .low = 50,
              .high = 76,
              .levels = {"", "x...x.o.x.o.x.o.", "X.o.x.oox.o.x.oo"},
              .from_energy = 0.5,
              .velocity = 62,
              .roll = 14,
              .pan = 0.45,
              .reverb = 0.15},
             {.role = stem::arpeggio,
              .programs = {gm::muted_guitar, gm::clean_guitar},
              .low = 55,
              .high = 79,
              .levels = {"1.2.3.2.4.3.2.3.", "1.2.3.4.3.2.3.4.", "1.3.2.4.3.5.4.3."},
              .from_energy = 0.35,
              .velocity = 58,
              .pan = -0.45,
              .reverb = 0.25,
              .delay = 0.25},
             {.role = stem::pad,
              .programs = {gm::strings, gm::warm_pad},
              .low = 50,
              .high = 76,
              .levels = {"X---------------"},
              .from_energy = 0.6,
              .velocity = 60,
              .reverb = 0.35,
              .swell = true}};
  s.lead = {
      .programs = {gm::saw_lead, gm::square_lead, gm::flute, gm::piano},
      .rhythms = {"x--x--x-x---....", "x-x-x---x-x-x---", "..x-x-x-x--x--..", "x---x-x---x-x---"},
      .answers = {gm::strings, gm::voice_oohs}};
  s.major = {{"I | V | vi | IV", "I | vi | IV | V", "Iadd9 | IV | vi | V"},
             {"I | V | vi | IV", "I | IV | vi | V", "I | iii | IV | V"},
             {"IV | V | iii | vi | IV | I | ii | V", "vi | IV | I | V"}};
  s.minor = {{"i | VI | iv | V", "i | iv | VI | V"},
             {"i | VI | III | V", "i | VII | VI | V"},
             {"iv | i | VI | V", "VI | VII | i | V"}};
  return s;
}

style ballad() {
  style s = pop();
  s.id = "ballad";
  s.bpm = {60, 70, 80};
  s.sound = colour::warm;
  s.looseness = 12;
  s.drums = {{.levels = {{{{hit::rim, "........x......."}, {hit::hat, "o...o...o...o..."}},
                          {{hit::kick, "X.........x....."},
                           {hit::rim, "....x.......x..."},
                           {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{
                               hit::kick,
                               "X......xx.......",
                           },
                           {hit::snare, "....X.......X..."},
                           {hit::ride, "x.o.x.o.x.o.x.o."}}}},
              .from_energy = 0.4,
              .late = 8}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::fretless_bass, gm::finger_bass},
              .low = 28,
              .high = 45,
              .levels = {"R---------------", "R-------R---5---", "R-----R-R---5-8-"},
              .from_energy = 0.3,
              .velocity = 80,
              .reverb = 0.04},
             {.role = stem::chords,
              .programs = {gm::piano},
              .low = 48,
              .high = 74,
              .levels = {"1-3-2-3-4-3-2-3-", "1-3-2-3-4-3-5-3-", "X-3-x-3-X-3-x-4-"},
              .velocity = 72,
              .reverb = 0.3,
              .pedal = true},
             {.role = stem::pad,
              .programs = {gm::strings, gm::slow_strings},
              .low = 50,
              .high = 76,
              .levels = {"X---------------"},
              .from_energy = 0.4,
              .velocity = 62,
              .reverb = 0.4,
              .swell = true}};
  s.lead = {.programs = {gm::violin, gm::oboe, gm::flute, gm::piano},
            .rhythms = {"x-----x-x---x---", "x---x---x-------", "x--x--x-x-------"},
            .reverb = 0.4,
            .answers = {gm::cello, gm::french_horn}};
  s.major = {{"I | V | vi | IV", "I | iii | IV | V", "Imaj7 | vi | ii | V"},
             {"I | V | vi | IV", "IV | V | I | vi | IV | V | I | I"},
             {"vi | iii | IV | I | ii | vi | IV | V"}};
  return s;
}

}  // namespace

std::vector<style> pop_styles() {
  return {pop(), ballad()};
}

}  // namespace son1k::music
