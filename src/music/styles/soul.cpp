#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style soul() {
  style s{.id = "soul", .kind = genre::soul, .bpm = {72, 92, 112}, .sound = colour::warm};
  s.drums = {{.kit = kit::room,
              .levels = {{{{hit::kick, "X.......x......."},
                           {hit::rim, "....x.......x..."},
                           {hit::hat, "x.x.x.x.x.x.x.x."}},
                          {{hit::kick, "X......xX......."},
                           {hit::snare, "....X.......X..."},
                           {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{hit::kick, "X......xX.x....."},
                           {hit::snare, "....X..g.g..X..."},
                           {hit::hat, "x.o.x.o.x.o.x.o."},
                           {hit::tambourine, "....x.......x..."}}}},
              .late = 5}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::finger_bass},
              .low = 28,
              .high = 45,
              .levels = {"R-------R---5---", "R--R..5-R---8-a-", "R-.R..5.R-.R8.a."},
              .velocity = 90,
              .reverb = 0.03},
             {.role = stem::chords,
              .programs = {gm::electric_piano, gm::organ},
              .low = 50,
              .high = 72,
              .levels = {"X---------------", "X-----x-----x---", "X--x--x-X--x--x-"},
              .velocity = 70,
              .reverb = 0.2},
             {.role = stem::chords,
              .programs = {gm::clean_guitar},
              .low = 55,
              .high = 77,
              .levels = {"", "....x.......x...", "....X..o....X..o"},
              .from_energy = 0.4,
              .velocity = 62,
              .roll = 6,
              .pan = 0.45,
              .reverb = 0.12},
             {.role = stem::counter,
              .programs = {gm::brass},
              .low = 55,
              .high = 76,
              .levels = {"", "", "X-----......x-..|........X---...."},
              .from_energy = 0.7,
              .velocity = 76,
              .reverb = 0.2},
             {.role = stem::pad,
              .programs = {gm::strings, gm::voice_oohs},
              .low = 55,
              .high = 77,
              .levels = {"X---------------"},
              .from_energy = 0.6,
              .velocity = 56,
              .reverb = 0.3}};
  s.lead = {.programs = {gm::alto_sax, gm::tenor_sax, gm::trumpet, gm::electric_piano},
            .rhythms = {"x--x--x-x---....", "..x-x-x-x-----..", "x---x-xx--x-----"},
            .blue = true,
            .answers = {gm::voice_oohs, gm::strings}};
  s.major = {{"I | vi | IV | V", "Imaj7 | vi7 | ii7 | V7", "I | I7 | IV | iv6"},
             {"I | IV | I | V7", "I | iii7 | IVmaj7 | V7"},
             {"IV | V7/vi | vi | V7/V | ii7 | V7"}};
  s.minor = {
      {"i7 | iv7 | i7 | V7", "i | VI | iv | V"}, {"i | VI | III | V7"}, {"iv7 | VII7 | i7 | V7"}};
  return s;
}

style rnb() {
  style s = soul();
  s.id = "r&b";
  s.bpm = {64, 74, 90};
  s.swing = 56;
  s.swing_unit = 16;
  s.drums[0].kit = kit::electronic;
  s.drums[0].levels[2].push_back({hit::clap, "....x.......x..."});
  s.parts[0].programs = {gm::synth_bass, gm::finger_bass};
  s.major.verse = {"IVmaj7 | V7 | Imaj7 | vi7 | IVmaj7 | V7 | Imaj7 | Imaj7",
                   "Imaj7 | iii7 | IVmaj7 | V7"};
  return s;
}

style gospel() {
  style s = soul();
  s.id = "gospel";
  s.bpm = {76, 96, 120};
  s.parts[1].programs = {gm::piano};
  s.parts[4].programs = {gm::choir};
  s.parts[4].from_energy = 0.4;
  s.lead.programs = {gm::organ, gm::choir};
  s.major.chorus = {"I | V7/IV | IV | iv6 | I | V7/ii | ii7 V7 | I"};
  return s;
}

}  // namespace

std::vector<style> soul_styles() {
  return {soul(), rnb(), gospel()};
}

}  // namespace son1k::music
