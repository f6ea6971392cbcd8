#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style country() {
  style s{.id = "country",
          .kind = genre::country,
          .bpm = {92, 112, 132},
          .swing = 53,
          .sound = colour::live_room};
  s.drums = {{.kit = kit::room,
              .levels = {{{{hit::kick, "X.......X......."}, {hit::hat, "..x...x...x...x."}},
                          {{hit::kick, "X.......X......."},
                           {hit::rim, "....x.......x..."},
                           {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{hit::kick, "X.....x.X......."},
                           {hit::snare, "..g.X.g...g.X.g."},
                           {hit::hat, "x.o.x.o.x.o.x.o."},
                           {hit::tambourine, "....x.......x..."}}}}}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::finger_bass, gm::upright_bass},
              .low = 28,
              .high = 45,
              .levels = {"R-------L-------", "R-------L-------", "R-----R-L-----a-"},
              .velocity = 88,
              .reverb = 0.04},
             {.role = stem::chords,
              .programs = {gm::steel_guitar},
              .low = 48,
              .high = 72,
              .levels = {"1---x-..2---x-..", "1---x-o-2---x-o-", "1-x-x-xo2-x-x-xo"},
              .velocity = 72,
              .roll = 14,
              .pan = -0.35,
              .reverb = 0.15},
             {.role = stem::arpeggio,
              .programs = {gm::banjo, gm::clean_guitar},
              .low = 55,
              .high = 79,
              .levels = {"", "1.3.2.4.3.2.4.3.", "1324132413241324"},
              .from_energy = 0.5,
              .velocity = 58,
              .pan = 0.4,
              .reverb = 0.15},
             {.role = stem::pad,
              .programs = {gm::fiddle, gm::strings},
              .low = 57,
              .high = 79,
              .levels = {"X---------------"},
              .from_energy = 0.65,
              .velocity = 50,
              .reverb = 0.3}};
  s.lead = {.programs = {gm::fiddle, gm::clean_guitar, gm::harmonica},
            .rhythms = {"x-x-x---x-x-x---", "x---x-x-x---....", "x--x--x-x-x-x---"},
            .answers = {gm::harmonica, gm::fiddle}};
  s.major = {{"I | IV | I | V", "I | I | IV | V", "I | V | I | IV | I | V | I | I"},
             {"IV | I | V | I", "I | IV | V | I"},
             {"vi | IV | I | V", "IV | I | V7/V | V"}};
  s.minor = {{"i | iv | i | V", "i | VI | iv | V"}, {"i | VII | VI | V"}, {"iv | i | iv | V"}};
  return s;
}

style bluegrass() {
  style s = country();
  s.id = "bluegrass";
  s.bpm = {120, 136, 152};
  s.swing = 50;
  s.drums.clear();
  s.parts[0].programs = {gm::upright_bass};
  s.parts[2].programs = {gm::banjo};
  s.parts[2].from_energy = 0.0;
  s.parts[2].levels = {"1324132413241324", "1324135413241354", "1325143513251435"};
  s.parts[1].levels = {"....X.......X...", "....X.......X...", "..o.X.o...o.X.o."};
  s.lead.programs = {gm::fiddle, gm::banjo};
  s.lead.rhythms = {"x-x-xxx-x-x-xxx-", "x-xxx-x-x-x-x---"};
  return s;
}

}  // namespace

std::vector<style> country_styles() {
  return {country(), bluegrass()};
}

}  // namespace son1k::music
