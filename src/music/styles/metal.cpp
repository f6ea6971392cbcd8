#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style metal() {
  style s{.id = "metal",
          .kind = genre::metal,
          .bpm = {110, 140, 176},
          .minor_default = true,
          .sound = colour::dark,
          .looseness = 4};
  s.drums = {{.kit = kit::power,
              .levels = {{{{hit::kick, "X...x...X...x..."},
                           {hit::snare, "........X......."},
                           {hit::ride, "X...x...X...x..."}},
                          {{hit::kick, "X.xxX.xxX.xxX.xx"},
                           {hit::snare, "....X.......X..."},
                           {hit::hat, "X...X...X...X..."}},
                          {{hit::kick, "XxxxXxxxXxxxXxxx"},
                           {hit::snare, "....X.......X..."},
                           {hit::china, "X...X...X...X..."}}}},
              .fill = {{hit::kick, "XxxxXxxxXxxxXxxx"},
                       {hit::snare, "XXxxXX.........."},
                       {hit::high_tom, "......XXxx......"},
                       {hit::mid_tom, "..........XXx..."},
                       {hit::floor_tom, ".............XXX"}}}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::picked_bass},
              .low = 26,
              .high = 41,
              .levels = {"R-------R-------", "R.rrR.rrR.rrR.rr", "RrrrRrrrRrrrR-5-"},
              .from_energy = 0.2,
              .velocity = 98,
              .gain_db = 3.0,
              .reverb = 0.02},
             {.role = stem::chords,
              .programs = {gm::distorted_guitar},
              .low = 40,
              .high = 57,
              .levels = {"X---------------", "X.11X.11X.11X-x-", "X.11X-11X.11X-X-"},
              .velocity = 86,
              .gain_db = -4.0,
              .pan = -0.7,
              .reverb = 0.08},
             {.role = stem::chords,
              .programs = {gm::distorted_guitar},
              .low = 40,
              .high = 59,
              .levels = {"", "X.11X.11X.11X-x-", "X.11X-11X.11X-X-"},
              .from_energy = 0.45,
              .velocity = 84,
              .gain_db = -4.0,
              .pan = 0.7,
              .reverb = 0.08},
             {.role = stem::pad,
              .programs = {gm::choir, gm::strings},
              .low = 50,
              .high = 72,
              .levels = {"X---------------"},
              .from_energy = 0.2,
              .velocity = 84,
              .gain_db = 7.0,
              .reverb = 0.4}};
  s.lead = {.programs = {gm::distorted_guitar, gm::overdriven_guitar},
            .rhythms = {"x-x-xxx-x---x-x-", "xxx-xxx-x-x-x---", "x---x-x-xxxxx---"},
            .velocity = 96,
            .answers = {gm::distorted_guitar}};
  s.major = {{"I | bVII | IV | I", "I | I | bVI | V"}, {"I | V | vi | IV"}, {"vi | IV | ii | V"}};
  // The dominant is kept for the turns, for the reason given at rock.
  s.minor = {{"i | i | VI | i", "i | VI | i | i", "i | i | VII | i"},
             {"i | VI | VII | i", "i | VI | iv | i"},
             {"iv | VI | i | V"}};
  return s;
}

}  // namespace

std::vector<style> metal_styles() {
  return {metal()};
}

}  // namespace son1k::music
