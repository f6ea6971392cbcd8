#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

progressions dance_major() {
  return {{"I | IV | V | I", "I | V | V | I", "I | vi | ii | V7"},
          {"I | IV | V7 | I", "I | V7/IV | IV | V7"},
          {"IV | I | V7 | I", "vi | ii | V7 | I"}};
}

progressions dance_minor() {
  return {{"i | iv | V7 | i", "i | V7 | V7 | i", "i | VI | iv | V7"},
          {"i | VII | VI | V7", "i | iv | V7 | i"},
          {"iv | i | V7 | i", "VI | iv | V7 | V7"}};
}

// Güiro "long short short", congas answering, bass on 1, 3 and 4.
style cumbia() {
  style s{.id = "cumbia", .kind = genre::latin, .bpm = {84, 96, 108}, .sound = colour::bright};
  s.drums = {{.name = "drums",
              .kit = kit::room,
              .levels = {{{},
                          {{hit::kick, "X.......X......."}, {hit::rim, "....x.......x..."}},
                          {{hit::kick, "X...o...X...o..."},
                           {hit::snare, "......x.......x."},
                           {hit::cowbell, "x...x...x...x..."}}}},
              .fill = {{hit::timbale_high, "........X.xxX..."},
                       {hit::timbale_low, "............X.XX"},
                       {hit::kick, "X.......X......."}},
              .from_energy = 0.35},
             {.name = "guiro, congas and maracas",
              .hand = true,
              .levels = {{{{hit::guiro_long, "x.......x......."},
                           {hit::guiro_short, "....x.x.....x.x."},
                           {hit::maracas, "..o...o...o...o."}},
                          {{hit::guiro_long, "X.......X......."},
                           {hit::guiro_short, "....x.x.....x.x."},
                           {hit::conga_high, "......x.......xx"},
                           {hit::conga_low, "..x...........x."},
                           {hit::conga_mute, "x...x...x...x..."}},
                          {{hit::guiro_long, "X.......X......."},
                           {hit::guiro_short, "....X.x.....X.x."},
                           {hit::conga_high, "......X...x...Xx"},
                           {hit::conga_low, "..x.......x....."},
                           {hit::conga_mute, "x...x...x...x..."},
                           {hit::maracas, "x.x.x.x.x.x.x.x."}}}}}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::finger_bass},
              .low = 28,
              .high = 45,
              .levels = {"R-------5---5---", "R-------5---8---|R-------3---5---",
                         "R-------5-5-8---|R-------3-3-5---"},
              .velocity = 96,
              .reverb = 0.02},
             {.role = stem::chords,
              .programs = {gm::accordion},
              .low = 55,
              .high = 74,
              .levels = {"....x-......x-..", "....x-x-....x-x-", "..x-x-x-..x-x-x-"},
              .velocity = 66,
              .pan = -0.25,
              .reverb = 0.15},
             {.role = stem::chords,
              .programs = {gm::nylon_guitar, gm::piano},
              .low = 52,
              .high = 72,
              .levels = {"", "....x.......x...", "..x.x...x.x.x..."},
              .from_energy = 0.45,
              .velocity = 64,
              .roll = 6,
              .pan = 0.4,
              .reverb = 0.12},
             {.role = stem::counter,
              .programs = {gm::brass, gm::trumpet},
              .low = 57,
              .high = 77,
              .levels = {"", "", "X-x-........X-..|X---........x-x-"},
              .from_energy = 0.72,
              .velocity = 78,
              .pan = 0.2,
              .reverb = 0.2}};
  s.lead = {
      .programs = {gm::accordion, gm::flute, gm::clarinet},
      .rhythms = {"x-x-x-x-x---x---", "..x-x-x-x---x-x-", "x---x-x-x-x-x---", "x--x--x-x-x-x---"},
      .delay = 0.05,
      .answers = {gm::trumpet, gm::clarinet}};
  s.major = dance_major();
  s.minor = dance_minor();
  return s;
}

// Son clave 2-3 with montuno piano and the anticipated bass (tumbao).
style salsa() {
  style s = cumbia();
  s.id = "salsa";
  s.bpm = {88, 96, 104};
  s.sound = colour::live_room;
  s.minor_default = true;
  s.drums = {
      {.name = "timbales",
       .hand = false,
       .levels = {{{{hit::rim, "x.x.xx.x.x.xx.x."}},
                   {{hit::cowbell, "X...x.x.X...x.x."}, {hit::timbale_low, "..............x."}},
                   {{hit::cowbell, "X.x.x.xxX.x.x.xx"},
                    {hit::timbale_high, "............x.x."},
                    {hit::kick, "......x.......x."}}}},
       .fill = {{hit::timbale_high, "X.xxX.xxX..X.X.."}, {hit::timbale_low, "............x.XX"}},
       .from_energy = 0.35},
      {.name = "clave, congas and bongos",
       .hand = true,
       .levels = {{{{hit::claves, "....x...x.......|x.....x.....x..."},
                    {hit::maracas, "x.o.x.o.x.o.x.o."}},
                   {{hit::claves, "....X...X.......|X.....X.....X..."},
                    {hit::conga_mute, "x...x...x...x..."},
                    {hit::conga_high, "....x.......x..."},
                    {hit::conga_low, "............x.x."},
                    {hit::maracas, "x.o.x.o.x.o.x.o."}},
                   {{hit::claves, "....X...X.......|X.....X.....X..."},
                    {hit::conga_mute, "x.o.x.o.x.o.x.o."},
                    {hit::conga_high, "....X..x....X..."},
                    {hit::conga_low, "............x.xx"},
                    {hit::bongo_high, "x..xx..xx..xx..x"}}}}}};
  s.parts[0] = {.role = stem::bass,
                .programs = {gm::upright_bass, gm::finger_bass},
                .low = 28,
                .high = 45,
                .levels = {"R-------5-------", "R-....5---..8---", "R-....5-..5-8-a-"},
                .velocity = 96,
                .reverb = 0.03};
  s.parts[1] = {.role = stem::chords,
                .programs = {gm::piano},
                .low = 57,
                .high = 81,
                .levels = {"X-..x-....x-..x-", "X-23.4.2.3.4.23.|.3.2.4.3X-23.4.2",
                           "X.23.4.2.3X4.23.|.3X2.4.3X.23X4.2"},
                .velocity = 78,
                .reverb = 0.12};
  s.parts[2].programs = {gm::nylon_guitar};
  s.parts[3].levels = {"", "........X-......", "X.X...X-....X---|....X.X...X-...."};
  s.parts[3].from_energy = 0.55;
  s.lead.programs = {gm::trumpet, gm::trombone, gm::flute};
  s.lead.answers = {gm::trombone};
  return s;
}

style tango() {
  style s = cumbia();
  s.id = "tango";
  s.bpm = {104, 118, 128};
  s.minor_default = true;
  s.sound = colour::vintage;
  s.looseness = 12;
  s.drums.clear();
  s.parts = {{.role = stem::bass,
              .programs = {gm::contrabass},
              .low = 28,
              .high = 47,
              .levels = {"R---R---R---R---", "R-..R-..5-..R-a-", "R-..R.R.5-..R.a."},
              .velocity = 90,
              .reverb = 0.08},
             {.role = stem::chords,
              .programs = {gm::piano},
              .low = 48,
              .high = 72,
              .levels = {"X-..x-..x-..x-..", "X..xX.x.X..xX.x.", "X.xxX.x.X.xxX.xx"},
              .velocity = 74,
              .reverb = 0.15},
             {.role = stem::pad,
              .programs = {gm::strings, gm::tremolo_strings},
              .low = 55,
              .high = 77,
              .levels = {"X---------------", "X--x--x-X--x--x-", "X..xX..xX..xX.xx"},
              .from_energy = 0.5,
              .velocity = 62,
              .reverb = 0.25}};
  s.lead = {
      .programs = {gm::bandoneon, gm::violin},
      .rhythms = {"x-xxx---x-xxx---", "..x-x-x-x---x-x-", "x--x--x-x-----..", "x-----xxx-x-x---"},
      .delay = 0.0,
      .chromatic = true,
      .from_energy = 0.0,
      .answers = {gm::violin, gm::cello}};
  return s;
}

style bachata() {
  style s = cumbia();
  s.id = "bachata";
  s.bpm = {118, 126, 134};
  s.minor_default = true;
  s.sound = colour::warm;
  s.drums = {{.name = "guira and bongos",
              .hand = true,
              .levels = {{{{hit::maracas, "x.oox.oox.oox.oo"},
                           {hit::bongo_high, "x...x...x......."},
                           {hit::bongo_low, "............x..."}},
                          {{hit::guiro_short, "x.oox.oox.oox.oo"},
                           {hit::bongo_high, "x.o.x.o.x.o....."},
                           {hit::bongo_low, "............X.x."}},
                          {{hit::guiro_short, "xoxoxoxoxoxoxoxo"},
                           {hit::bongo_high, "x.xox.xox.xo...."},
                           {hit::bongo_low, "............X.xx"},
                           {hit::kick, "X.......X......."}}}}}};
  s.parts[0].levels = {"R-------........", "R-----R-5---8---", "R---R-R-5---8---"};
  s.parts[1] = {.role = stem::arpeggio,
                .programs = {gm::steel_guitar, gm::clean_guitar},
                .low = 60,
                .high = 81,
                .levels = {"1-3-2-4-3-2-4-3-", "1.3.4.3.2.3.4.5.", "1323432313234345"},
                .velocity = 76,
                .pan = -0.3,
                .reverb = 0.2,
                .delay = 0.15};
  s.lead.programs = {gm::clean_guitar, gm::steel_guitar};
  s.minor = {
      {"i | VII | VI | V7", "i | iv | VII | V7"}, {"i | VI | iv | V7"}, {"iv | i | VI | V7"}};
  return s;
}

style merengue() {
  style s = cumbia();
  s.id = "merengue";
  s.bpm = {128, 140, 152};
  s.drums[1].name = "guira and tambora";
  s.drums[1].levels = {{{{hit::guiro_short, "x.xxx.xxx.xxx.xx"}},
                        {{hit::guiro_short, "x.xxx.xxx.xxx.xx"},
                         {hit::conga_low, "x...x...x...xx.x"},
                         {hit::conga_mute, "..x...x...x....."}},
                        {{hit::guiro_short, "X.xxX.xxX.xxX.xx"},
                         {hit::conga_low, "X.x.x...X.x.xxxx"},
                         {hit::cowbell, "x...x...x...x..."}}}};
  s.parts[0].levels = {"R-------R-------", "R---5---R---5---", "R-R-5---R-R-5---"};
  s.parts[1].levels = {"..x...x...x...x.", "x.x..x.xx.x..x.x", "x.xx.x.xx.xx.x.x"};
  s.lead.programs = {gm::accordion, gm::alto_sax};
  return s;
}

style reggaeton() {
  style s = cumbia();
  s.id = "reggaeton";
  s.bpm = {86, 93, 98};
  s.minor_default = true;
  s.sound = colour::club;
  s.sidechain = true;
  s.looseness = 3;
  s.drums = {{.kit = kit::electronic,
              .levels = {{{{hit::kick, "X...X...X...X..."}},
                          {{hit::kick, "X...X...X...X..."},
                           {hit::snare, "...X..X....X..X."},
                           {hit::hat, "x.x.x.x.x.x.x.x."}},
                          {{hit::kick, "X...X...X...X..."},
                           {hit::snare, "...X..X....X..X."},
                           {hit::clap, "......x.......x."},
                           {hit::hat, "xoxoxoxoxoxoxoxo"}}}}}};
  s.parts[0].programs = {gm::synth_bass, gm::synth_bass_2};
  s.parts[0].levels = {"R-------R-------", "R--R--R-R--R--5-", "R--R--R-R--R--8-"};
  s.parts[1].programs = {gm::nylon_guitar, gm::piano};
  s.parts[1].levels = {"1---2---3---2---", "1..2..3.1..2..4.", "X..x..x.X..x..x."};
  s.parts[2].programs = {gm::poly_pad, gm::warm_pad};
  s.parts[2].levels = {"X---------------", "X---------------", "X---------------"};
  s.lead.programs = {gm::square_lead, gm::flute, gm::saw_lead};
  s.lead.answers = {};
  s.minor = {{"i | VI | iv | V", "i | iv | VI | V"}, {"i | VI | III | V"}, {"VI | VII | i | V"}};
  return s;
}

}  // namespace

std::vector<style> latin_styles() {
  return {cumbia(), salsa(), tango(), bachata(), merengue(), reggaeton()};
}

}  // namespace son1k::music
