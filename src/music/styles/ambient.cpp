#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style ambient() {
  style s{.id = "ambient",
          .kind = genre::ambient,
          .bpm = {60, 72, 84},
          .sound = colour::wide_ambient,
          .looseness = 10};
  s.drums = {{.name = "soft pulse",
              .kit = kit::brush,
              .hand = true,
              .levels = {{{{hit::shaker, "o...o...o...o..."}},
                          {{hit::shaker, "x.o.x.o.x.o.x.o."}, {hit::soft_kick, "o.......o......."}},
                          {{hit::shaker, "x.o.x.o.x.o.x.o."},
                           {hit::soft_kick, "x...o...x...o..."},
                           {hit::triangle, "........o......."}}}},
              .fill = {{hit::shaker, "x.o.x.o.x.o.x.o."}},
              .from_energy = 0.5,
              .gain_db = -6.0}};
  s.parts = {{.role = stem::pad,
              .programs = {gm::warm_pad, gm::halo_pad, gm::sweep_pad},
              .low = 48,
              .high = 76,
              .levels = {"X---------------"},
              .velocity = 70,
              .reverb = 0.6,
              .swell = true},
             {.role = stem::pad,
              .programs = {gm::choir_pad, gm::slow_strings, gm::bowed_pad},
              .low = 52,
              .high = 79,
              .levels = {"x---------------"},
              .from_energy = 0.45,
              .velocity = 58,
              .pan = 0.2,
              .reverb = 0.6,
              .swell = true},
             {.role = stem::bass,
              .programs = {gm::fretless_bass, gm::synth_bass_2},
              .low = 28,
              .high = 43,
              .levels = {"R---------------", "R---------------", "R-------R---5---"},
              .velocity = 66,
              .reverb = 0.15},
             {.role = stem::arpeggio,
              .programs = {gm::electric_piano, gm::harp, gm::vibraphone},
              .low = 60,
              .high = 88,
              .levels = {"1---2---3---2---", "1---2---3---4---", "1-2-3-4-3-2-4-3-"},
              .velocity = 60,
              .pan = -0.3,
              .reverb = 0.5,
              .delay = 0.4,
              .pedal = true}};
  s.lead = {.programs = {gm::piano, gm::flute, gm::celesta, gm::new_age_pad},
            .rhythms = {"x-------x-------", "x-------....x---", "x-----x---------"},
            .velocity = 66,
            .reverb = 0.55,
            .delay = 0.4,
            .from_energy = 0.4};
  s.major = {{"Iadd9 | IVmaj7 | Iadd9 | Vsus4", "I | iii7 | IVmaj7 | V"},
             {"Imaj7 | vi7 | IVmaj7 | V"},
             {"vi7 | IVmaj7 | I | V"}};
  s.minor = {{"i | VImaj7 | i | V", "iadd9 | iv7 | i | V"},
             {"i | VImaj7 | iv7 | V"},
             {"iv7 | VImaj7 | i | V"}};
  return s;
}

}  // namespace

std::vector<style> ambient_styles() {
  return {ambient()};
}

}  // namespace son1k::music
