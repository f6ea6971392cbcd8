#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style cinematic() {
  style s{.id = "cinematic",
          .kind = genre::cinematic,
          .bpm = {72, 92, 116},
          .minor_default = true,
          .sound = colour::wide_ambient,
          .looseness = 8};
  s.drums = {
      {.name = "taiko and toms",
       .kit = kit::orchestra,
       .hand = true,
       .levels = {{{{hit::floor_tom, "x..............."}},
                   {{hit::floor_tom, "X.....x.X..x...."}, {hit::low_tom, "....x.......x..."}},
                   {{hit::floor_tom, "X..x..x.X..x..x."},
                    {hit::low_tom, "..xxX.x...xxX.xx"},
                    {hit::snare, "....x.......x.xx"}}}},
       .fill = {{hit::floor_tom, "X...X...X.X.X.X."}, {hit::snare, "........xxxxXXXX"}},
       .from_energy = 0.4,
       .gain_db = 1.0}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::contrabass, gm::cello},
              .low = 28,
              .high = 48,
              .levels = {"R---------------", "R-------R-------", "R-------R---R---"},
              .velocity = 82,
              .reverb = 0.4},
             {.role = stem::arpeggio,
              .programs = {gm::strings},
              .low = 48,
              .high = 67,
              .levels = {"1.1.2.1.1.1.2.1.", "1.121.131.121.13", "1121131411211314"},
              .velocity = 66,
              .pan = -0.3,
              .reverb = 0.35},
             {.role = stem::pad,
              .programs = {gm::slow_strings, gm::strings},
              .low = 50,
              .high = 77,
              .levels = {"X---------------"},
              .velocity = 66,
              .reverb = 0.5,
              .swell = true},
             {.role = stem::chords,
              .programs = {gm::french_horn, gm::brass},
              .low = 46,
              .high = 67,
              .levels = {"", "X---------------", "X-------X-----x-"},
              .from_energy = 0.55,
              .velocity = 78,
              .pan = 0.25,
              .reverb = 0.4,
              .swell = true},
             {.role = stem::pad,
              .programs = {gm::choir},
              .low = 53,
              .high = 77,
              .levels = {"X---------------"},
              .from_energy = 0.7,
              .velocity = 70,
              .reverb = 0.5}};
  s.lead = {
      .programs = {gm::violin, gm::french_horn, gm::piano, gm::oboe},
      .rhythms = {"x-------x---x---", "x---x---x-------", "x-----x-x-------", "x-------x-------"},
      .reverb = 0.5,
      .answers = {gm::french_horn, gm::cello}};
  s.major = {{"I | V | vi | IV", "I | iii | IV | V"},
             {"I | V | IV | I", "IV | V | vi | V"},
             {"vi | IV | ii | V"}};
  s.minor = {{"i | VI | iv | V", "i | VI | i | V"},
             {"i | VI | III | V", "i | iv | VI | V"},
             {"iv | VI | i | V"}};
  return s;
}

style epic() {
  style s = cinematic();
  s.id = "epic";
  s.bpm = {96, 120, 144};
  s.drums[0].from_energy = 0.2;
  s.parts[3].from_energy = 0.3;
  s.lead.programs = {gm::french_horn, gm::trumpet, gm::strings};
  s.lead.velocity = 96;
  return s;
}

}  // namespace

std::vector<style> cinematic_styles() {
  return {cinematic(), epic()};
}

}  // namespace son1k::music
