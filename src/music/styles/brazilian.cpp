#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style bossa_nova() {
  style s{.id = "bossa nova",
          .kind = genre::latin,
          .bpm = {108, 126, 140},
          .sound = colour::warm,
          .looseness = 9};
  s.drums = {{.kit = kit::jazz,
              .levels = {{{{hit::rim, "x.....x.....x...|....x.....x....."},
                           {hit::hat, "o.o.o.o.o.o.o.o."}},
                          {{hit::kick, "X.....xxX.....xx"},
                           {hit::rim, "x.....x.....x...|....x.....x....."},
                           {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{hit::kick, "X.....xxX.....xx"},
                           {hit::rim, "X.....X.....X...|....X.....X....."},
                           {hit::hat, "xoxoxoxoxoxoxoxo"},
                           {hit::shaker, "x.o.x.o.x.o.x.o."}}}},
              .fill = {{hit::kick, "X.....xxX......."},
                       {hit::rim, "x.....x....x.x.x"},
                       {hit::hat, "x.o.x.o.x.o.x.o."}},
              .gain_db = -2.0}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::upright_bass},
              .low = 28,
              .high = 47,
              .levels = {"R-----------5---", "R-----5-5-----R-", "R-----R-5-----5-"},
              .velocity = 82,
              .reverb = 0.05},
             {.role = stem::chords,
              .programs = {gm::nylon_guitar},
              .low = 50,
              .high = 72,
              .levels = {"x-----x-----x---", "x--..x-..x-..x-.|..x-..x-..x--x..",
                         "x-.x-.x-.x-..x-.|.x-..x-.x-..x-x."},
              .velocity = 70,
              .roll = 5,
              .pan = -0.2,
              .reverb = 0.18},
             {.role = stem::pad,
              .programs = {gm::electric_piano, gm::slow_strings},
              .low = 55,
              .high = 76,
              .levels = {"x---------------"},
              .from_energy = 0.5,
              .velocity = 48,
              .pan = 0.25,
              .reverb = 0.3}};
  s.lead = {
      .programs = {gm::flute, gm::tenor_sax, gm::piano},
      .rhythms = {"x--x--x-x--x----", "..x-x--x--x-x---", "x-----x-x-x-----", "x-x-x--x--------"},
      .velocity = 80,
      .chromatic = true,
      .answers = {gm::clarinet, gm::vibraphone}};
  s.major = {{"Imaj7 | V7/V | ii7 | V7", "Imaj7 | vi7 | ii7 | V7",
              "Imaj7 | Imaj7 | V7/V | V7/V | ii7 | V7 | Imaj7 | V7"},
             {"Imaj7 | V7/ii | ii7 | V7", "IVmaj7 | iv6 | iii7 | V7/ii | ii7 | V7 | I6 | I6"},
             {"iv7 | bVII7 | Imaj7 | vi7 | ii7 | V7/V | ii7 | V7"}};
  s.minor = {{"i7 | iih7 V7 | i7 | V7", "i6 | iv7 | iih7 | V7"},
             {"i6 | VImaj7 | iih7 | V7", "iv7 | i6 | iih7 V7 | i6"},
             {"iv7 | VII7 | i7 | V7"}};
  return s;
}

style samba() {
  style s = bossa_nova();
  s.id = "samba";
  s.bpm = {92, 100, 108};
  s.sound = colour::bright;
  s.drums = {{.name = "samba percussion",
              .hand = true,
              .levels = {{{{hit::shaker, "XoxxXoxxXoxxXoxx"}, {hit::surdo, "o.......X......."}},
                          {{hit::shaker, "XoxxXoxxXoxxXoxx"},
                           {hit::surdo, "o.......X.....x."},
                           {hit::agogo_high, "x.x...x.x...x..."},
                           {hit::agogo_low, "....x.....x...x."},
                           {hit::tambourine, "x.oxx.oxx.oxx.ox"}},
                          {{hit::shaker, "XoxxXoxxXoxxXoxx"},
                           {hit::surdo, "x...o...X...o.x."},
                           {hit::agogo_high, "X.x...x.X...x..."},
                           {hit::agogo_low, "....x.....x...x."},
                           {hit::tambourine, "x.xxx.xxx.xxx.xx"},
                           {hit::snare, "xggxggxgxggxgxgg"}}}}}};
  s.parts[0].programs = {gm::finger_bass};
  s.parts[0].levels = {"R-------5-------", "R--R5--5R--R5--5", "R-.R5-.5R-.R8-.5"};
  s.parts[1].levels = {"x--x--x---x--x--", "x.xx.x.xx.xx.x.x", "x.xx.xxx.xx.xx.x"};
  s.lead.programs = {gm::flute, gm::trumpet, gm::whistle};
  return s;
}

}  // namespace

std::vector<style> brazilian_styles() {
  return {bossa_nova(), samba()};
}

}  // namespace son1k::music
