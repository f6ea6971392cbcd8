#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

constexpr std::string_view twelve_bars =
    "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7";
constexpr std::string_view twelve_minor =
    "i7 | i7 | i7 | i7 | iv7 | iv7 | i7 | i7 | VI7 | V7 | i7 | V7";

style blues() {
  style s{.id = "blues",
          .kind = genre::blues,
          .bpm = {84, 104, 126},
          .swing = 66,
          .sound = colour::live_room,
          .section_bars = 12,
          .looseness = 10};
  s.drums = {{.kit = kit::room,
              .levels = {{{{hit::kick, "X.......x......."},
                           {hit::rim, "....x.......x..."},
                           {hit::hat, "x...x...x...x..."}},
                          {{hit::kick, "X.......X.x....."},
                           {hit::snare, "....X.......X..."},
                           {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{hit::kick, "X.....x.X.x....."},
                           {hit::snare, "....X.g...g.X..."},
                           {hit::ride, "X.o.X.o.X.o.X.o."}}}},
              .fill = {{hit::snare, "x.o.x.o.x.x.X.X."}, {hit::kick, "X.......x...x..."}},
              .late = 6}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::finger_bass, gm::upright_bass},
              .low = 28,
              .high = 47,
              .levels = {"R-------5-------", "R---3---5---a---", "R-R-3-3-5-5-7-5-"},
              .velocity = 88,
              .reverb = 0.04},
             {.role = stem::chords,
              .programs = {gm::clean_guitar, gm::overdriven_guitar},
              .low = 48,
              .high = 67,
              .levels = {"x-....x-........", "X.x.x.x.X.x.x.x.", "X.x.X.x.X.x.X.x."},
              .velocity = 66,
              .roll = 8,
              .pan = -0.4,
              .reverb = 0.15},
             {.role = stem::chords,
              .programs = {gm::piano, gm::organ},
              .low = 52,
              .high = 74,
              .levels = {"", "....x-....x-....", "..x-..x-..x-..x-"},
              .from_energy = 0.45,
              .velocity = 62,
              .pan = 0.35,
              .reverb = 0.2}};
  s.lead = {
      .programs = {gm::overdriven_guitar, gm::harmonica, gm::tenor_sax},
      .rhythms = {"..x-x-x---......", "x-x-x---x-x-....", "x---..x-x-x-....", "x-x-x-x-x---...."},
      .velocity = 92,
      .blue = true,
      .answers = {gm::piano, gm::harmonica}};
  s.major = {{twelve_bars}, {twelve_bars}, {"IV7 | IV7 | I7 | I7 | V7/V | V7/V | V7 | V7"}};
  s.minor = {{twelve_minor}, {twelve_minor}, {"iv7 | iv7 | i7 | i7 | VI7 | VI7 | V7 | V7"}};
  return s;
}

style slow_blues() {
  style s = blues();
  s.id = "slow blues";
  s.bpm = {48, 58, 68};
  s.beats_per_bar = 12;
  s.beat_unit = 8;
  s.swing = 50;
  s.drums[0].levels = {
      {{{hit::kick, "X.....x....."}, {hit::rim, "...x.....x.."}, {hit::hat, "x.oo.ox.oo.o"}},
       {{hit::kick, "X....xX....."}, {hit::snare, "...X.....X.."}, {hit::hat, "xooxooxooxoo"}},
       {{hit::kick, "X....xX.x..."}, {hit::snare, "...X....gX.g"}, {hit::ride, "XooXooXooXoo"}}}};
  s.drums[0].fill = {{hit::snare, "...X..xxxXXX"}, {hit::kick, "X.....X....."}};
  s.parts[0].levels = {"R-----5-----", "R--R-r5--5-a", "R-rR-35-58-a"};
  s.parts[1].levels = {"x-----------", "x--..xx--..x", "x.xx.xx.xx.x"};
  s.parts[2].levels = {"", "x-----x-----", "xxxxxxxxxxxx"};
  s.lead.rhythms = {"..xx-x------", "x--x-xx-----", "x-xx-xx-x---", "xxxx--x-----"};
  return s;
}

}  // namespace

std::vector<style> blues_styles() {
  return {blues(), slow_blues()};
}

}  // namespace son1k::music
