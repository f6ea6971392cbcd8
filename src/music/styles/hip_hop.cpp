#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style boom_bap() {
  style s{.id = "hip-hop",
          .kind = genre::hip_hop,
          .bpm = {82, 91, 98},
          .swing = 57,
          .swing_unit = 16,
          .minor_default = true,
          .sound = colour::warm};
  s.drums = {{.kit = kit::room,
              .levels = {{{{hit::kick, "X.........x....."}, {hit::hat, "x.x.x.x.x.x.x.x."}},
                          {{hit::kick, "X......x.xX....."},
                           {hit::snare, "....X.......X..."},
                           {hit::hat, "x.x.x.x.x.x.x.xo"}},
                          {{hit::kick, "X.x....x.xX..x.."},
                           {hit::snare, "....X..g.g..X..g"},
                           {hit::hat, "x.xox.x.x.xox.x."},
                           {hit::open_hat, "..............x."}}}},
              .late = 6}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::finger_bass, gm::upright_bass},
              .low = 28,
              .high = 43,
              .levels = {"R---------------", "R-----.R..R---5-", "R-....rR..R-8-5-"},
              .velocity = 94,
              .reverb = 0.0},
             {.role = stem::chords,
              .programs = {gm::electric_piano, gm::piano},
              .low = 52,
              .high = 74,
              .levels = {"X---------------", "X-----....x-....", "X--x--....x--x.."},
              .velocity = 70,
              .roll = 6,
              .reverb = 0.15},
             {.role = stem::arpeggio,
              .programs = {gm::vibraphone, gm::muted_guitar},
              .low = 60,
              .high = 81,
              .levels = {"", "4.3.2.3.........", "4.3.2.3.5.4.3.2."},
              .from_energy = 0.55,
              .velocity = 56,
              .pan = 0.35,
              .reverb = 0.25,
              .delay = 0.2},
             {.role = stem::pad,
              .programs = {gm::strings, gm::warm_pad},
              .low = 52,
              .high = 74,
              .levels = {"X---------------"},
              .from_energy = 0.65,
              .velocity = 54,
              .reverb = 0.3}};
  s.lead = {
      .programs = {gm::flute, gm::muted_trumpet, gm::piano, gm::square_lead},
      .rhythms = {"x--x--x-........", "x-xx--x-x---....", "..x-x-xxx---....", "x--x--x---x-x---"},
      .blue = true,
      .from_energy = 0.45};
  s.major = {{"Imaj7 | vi7 | ii7 | V7", "I | IV | I | V"},
             {"Imaj7 | iii7 | IVmaj7 | V"},
             {"ii7 | V7 | Imaj7 | vi7"}};
  s.minor = {{"i7 | iv7 | i7 | V7", "i | VI | i | V", "i7 | i7 | iv7 | V7"},
             {"i7 | VImaj7 | iv7 | V7", "i | VI | iv | V"},
             {"iv7 | i7 | VImaj7 | V7"}};
  return s;
}

style trap() {
  style s = boom_bap();
  s.id = "trap";
  s.bpm = {130, 140, 150};
  s.swing = 50;
  s.sound = colour::dark;
  s.looseness = 2;
  s.sidechain = true;
  s.drums = {{.kit = kit::tr808,
              .levels = {{{{hit::kick, "X..............."}, {hit::hat, "x.x.x.x.x.x.x.x."}},
                          {{hit::kick, "X.....x...x....."},
                           {hit::snare, "........X......."},
                           {hit::hat, "x.x.x.xxx.x.x.x."}},
                          {{hit::kick, "X..x..x...x..x.."},
                           {hit::snare, "........X......."},
                           {hit::clap, "........X......."},
                           {hit::hat, "x.xxx.x.xxxxx.xx"},
                           {hit::open_hat, "......x........."}}}},
              .fill = {{hit::kick, "X.....x...x....."},
                       {hit::snare, "........X...xxXX"},
                       {hit::hat, "x.xxxxxxx.xxxxxx"}}}};
  s.parts[0].programs = {gm::synth_bass_2, gm::synth_bass};
  s.parts[0].levels = {"R---------------", "R-----R---R-----", "R--R--R---R--8--"};
  s.parts[1].programs = {gm::piano, gm::music_box, gm::poly_pad};
  s.parts[1].levels = {"1---3---2---3---", "1-3-2-3-4-3-2-3-", "1-3-2-3-4-3-5-3-"};
  s.lead.programs = {gm::flute, gm::music_box, gm::square_lead};
  s.minor = {{"i | VI | i | V", "i | i | VI | V"}, {"i | VI | iv | V"}, {"iv | VI | i | V"}};
  return s;
}

}  // namespace

std::vector<style> hip_hop_styles() {
  return {boom_bap(), trap()};
}

}  // namespace son1k::music
