#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style lofi() {
  style s{.id = "lofi",
          .kind = genre::lofi,
          .bpm = {70, 78, 88},
          .swing = 59,
          .swing_unit = 16,
          .minor_default = true,
          .sound = colour::lofi,
          .looseness = 14};
  s.drums = {{.kit = kit::brush,
              .levels = {{{{hit::kick, "x.........x....."}, {hit::hat, "o.o.o.o.o.o.o.o."}},
                          {{hit::kick, "X......x..x....."},
                           {hit::snare, "....x.......x..."},
                           {hit::hat, "x.o.x.o.x.o.x.oo"}},
                          {{hit::kick, "X......x.xx....."},
                           {hit::snare, "....X..g....X..g"},
                           {hit::hat, "x.oox.o.x.oox.o."},
                           {hit::rim, "..........o....."}}}},
              .fill = {{hit::kick, "x.........x....."},
                       {hit::snare, "....x....g.gx.ox"},
                       {hit::hat, "x.o.x.o.x......."}},
              .gain_db = -3.0,
              .late = 14}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::upright_bass},
              .low = 28,
              .high = 45,
              .levels = {"R---------------", "R------.R---5-..", "R-----.rR-5-8-.."},
              .velocity = 80,
              .reverb = 0.03},
             {.role = stem::chords,
              .programs = {gm::electric_piano},
              .low = 50,
              .high = 74,
              .levels = {"X---------------", "X------x--------|X--------x------",
                         "X------x--x-----|X--x-----x--x---"},
              .velocity = 66,
              .roll = 16,
              .reverb = 0.25},
             {.role = stem::arpeggio,
              .programs = {gm::nylon_guitar, gm::jazz_guitar, gm::vibraphone},
              .low = 57,
              .high = 79,
              .levels = {"", "..3.4...2.3.....", "..3.4.5.4.3.2..."},
              .from_energy = 0.55,
              .velocity = 52,
              .pan = 0.35,
              .reverb = 0.3,
              .delay = 0.25},
             {.role = stem::pad,
              .programs = {gm::warm_pad, gm::slow_strings},
              .low = 52,
              .high = 72,
              .levels = {"X---------------"},
              .from_energy = 0.6,
              .velocity = 46,
              .reverb = 0.4}};
  s.lead = {
      .programs = {gm::vibraphone, gm::piano, gm::jazz_guitar, gm::flute},
      .rhythms = {"..x-x---x-x-----", "x--x--x-x-------", "..x-x-x---......", "x---..x-x---...."},
      .velocity = 74,
      .reverb = 0.35,
      .delay = 0.25};
  s.major = {{"Imaj7 | vi7 | ii7 | V7", "Imaj7 | iii7 | IVmaj7 | V7"},
             {"IVmaj7 | V7 | iii7 | vi7 | ii7 | V7 | Imaj7 | Imaj7", "Imaj7 | vi7 | ii7 | V7"},
             {"ii7 | V7 | Imaj7 | V7/ii"}};
  s.minor = {{"i7 | iv7 | i7 | V7", "i7 | VImaj7 | iih7 | V7"},
             {"i7 | iv7 | VImaj7 | V7", "i7 | VImaj7 | iv7 | V7"},
             {"iv7 | i7 | iih7 | V7"}};
  return s;
}

}  // namespace

std::vector<style> lofi_styles() {
  return {lofi()};
}

}  // namespace son1k::music
