#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style funk() {
  style s{.id = "funk",
          .kind = genre::funk,
          .bpm = {96, 106, 116},
          .swing = 54,
          .swing_unit = 16,
          .sound = colour::live_room,
          .looseness = 6};
  s.drums = {{.kit = kit::room,
              .levels = {{{{hit::kick, "X.........x....."},
                           {hit::hat, "x.x.x.x.x.x.x.x."},
                           {hit::rim, "....x.......x..."}},
                          {{hit::kick, "X.x...x...x....."},
                           {hit::snare, "....X..g.g..X..g"},
                           {hit::hat, "x.x.x.x.x.x.x.x."}},
                          {{hit::kick, "X.x...x..xx..x.."},
                           {hit::snare, "....X..g.g.gX..g"},
                           {hit::hat, "xoxoxoxoxoxox.xo"},
                           {hit::open_hat, "..............x."}}}},
              .fill = {{hit::kick, "X..x..x...x....."}, {hit::snare, "....X..xgx.xXgXX"}}}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::slap_bass, gm::finger_bass},
              .low = 28,
              .high = 47,
              .levels = {"R-....R-....R---", "R-.R..8-..R.5-7.", "R.rR..8.r.R.57.8"},
              .velocity = 98,
              .reverb = 0.02},
             {.role = stem::chords,
              .programs = {gm::clean_guitar, gm::muted_guitar},
              .low = 55,
              .high = 76,
              .levels = {"....x.......x...", "o.ox..oxo.ox..ox", "ooxo.oxooxo.xoxo"},
              .velocity = 70,
              .roll = 4,
              .pan = 0.45,
              .reverb = 0.08},
             {.role = stem::chords,
              .programs = {gm::clavinet, gm::organ},
              .low = 50,
              .high = 70,
              .levels = {"", "x..x..x...x..x..", "x.xx..x.x.xx..x."},
              .from_energy = 0.5,
              .velocity = 66,
              .pan = -0.45,
              .reverb = 0.1},
             {.role = stem::counter,
              .programs = {gm::brass},
              .low = 55,
              .high = 76,
              .levels = {"", "", "X.............x.|......X.X......."},
              .from_energy = 0.7,
              .velocity = 84,
              .reverb = 0.2}};
  s.lead = {.programs = {gm::tenor_sax, gm::brass, gm::organ, gm::saw_lead},
            .rhythms = {"x.x...x.x-......", "x-x.xx..x---....", "..x.x-x.xx-.x---"},
            .blue = true};
  s.major = {{"I7 | I7 | IV7 | I7", "I7 | IV7 | I7 | V7"},
             {"IV7 | I7 | V7 | I7", "I7 | vi7 | ii7 | V7"},
             {"ii7 | V7 | ii7 | V7"}};
  s.minor = {{"i7 | i7 | iv7 | V7", "i7 | IV7 | i7 | V7"},
             {"i7 | VImaj7 | iv7 | V7"},
             {"iv7 | i7 | iv7 | V7"}};
  return s;
}

style disco() {
  style s = funk();
  s.id = "disco";
  s.bpm = {112, 118, 126};
  s.swing = 50;
  s.sound = colour::bright;
  s.drums = {{.kit = kit::room,
              .levels = {{{{hit::kick, "X...X...X...X..."}, {hit::hat, "x.x.x.x.x.x.x.x."}},
                          {{hit::kick, "X...X...X...X..."},
                           {hit::snare, "....X.......X..."},
                           {hit::open_hat, "..X...X...X...X."}},
                          {{hit::kick, "X...X...X...X..."},
                           {hit::snare, "....X.......X..g"},
                           {hit::open_hat, "..X...X...X...X."},
                           {hit::hat, "xx.xxx.xxx.xxx.x"},
                           {hit::tambourine, "....x.......x..."}}}}}};
  s.parts[0].programs = {gm::finger_bass};
  s.parts[0].levels = {"R-..R-..R-..R-..", "R-8-R-8-R-8-R-8-", "R.8.R.8.R.8.R58."};
  s.parts.push_back({.role = stem::pad,
                     .programs = {gm::strings},
                     .low = 60,
                     .high = 84,
                     .levels = {"X---------------", "X---------------", "X-----x-X-----x-"},
                     .from_energy = 0.5,
                     .velocity = 64,
                     .reverb = 0.25});
  s.minor.verse = {"i7 | iv7 | VII | V7", "i | VI | iv | V7"};
  s.major.verse = {"Imaj7 | vi7 | ii7 | V7"};
  return s;
}

}  // namespace

std::vector<style> funk_styles() {
  return {funk(), disco()};
}

}  // namespace son1k::music
