#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style folk() {
  style s{.id = "folk",
          .kind = genre::folk,
          .bpm = {84, 100, 118},
          .sound = colour::live_room,
          .looseness = 12};
  s.drums = {
      {.name = "percussion",
       .hand = true,
       .levels = {{{{hit::shaker, "x.o.x.o.x.o.x.o."}},
                   {{hit::shaker, "xoxoxoxoxoxoxoxo"}, {hit::tambourine, "....x.......x..."}},
                   {{hit::shaker, "xoxoxoxoxoxoxoxo"},
                    {hit::tambourine, "....X.......X..."},
                    {hit::kick, "X.......X......."}}}},
       .fill = {{hit::shaker, "xoxoxoxoxoxoxoxo"}, {hit::tambourine, "....x...x.x.xxxx"}},
       .from_energy = 0.4}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::upright_bass},
              .low = 28,
              .high = 45,
              .levels = {"R---------------", "R-------5-------", "R-----R-5-----a-"},
              .from_energy = 0.35,
              .velocity = 78,
              .reverb = 0.06},
             {.role = stem::chords,
              .programs = {gm::steel_guitar, gm::nylon_guitar},
              .low = 48,
              .high = 72,
              .levels = {"1-3-2-3-1-3-4-3-", "1-3-2-4-1-3-2-4-", "X-o-x-oox-o-x-oo"},
              .velocity = 72,
              .roll = 14,
              .pan = -0.25,
              .reverb = 0.18},
             {.role = stem::pad,
              .programs = {gm::accordion, gm::strings, gm::cello},
              .low = 52,
              .high = 74,
              .levels = {"X---------------"},
              .from_energy = 0.55,
              .velocity = 52,
              .pan = 0.3,
              .reverb = 0.3,
              .swell = true}};
  s.lead = {.programs = {gm::flute, gm::fiddle, gm::harmonica, gm::recorder},
            .rhythms = {"x---x-x-x---x---", "x--x--x-x-------", "x-x-x---x---x---"},
            .answers = {gm::cello, gm::clarinet}};
  s.major = {{"I | IV | I | V", "I | V | vi | IV", "I | iii | IV | V"},
             {"I | IV | V | I", "IV | I | V | I"},
             {"vi | iii | IV | V"}};
  s.minor = {{"i | VII | i | V", "i | iv | i | V", "i | III | iv | V"},
             {"i | VI | iv | V", "i | VII | VI | V"},
             {"VI | III | iv | V"}};
  return s;
}

style celtic() {
  style s = folk();
  s.id = "celtic";
  s.bpm = {96, 112, 124};
  s.beats_per_bar = 6;
  s.beat_unit = 8;
  s.drums = {{.name = "bodhran",
              .kit = kit::orchestra,
              .hand = true,
              .levels = {{{{hit::low_tom, "x..o.."}},
                          {{hit::low_tom, "X.ox.o"}, {hit::tambourine, "...x.."}},
                          {{hit::low_tom, "XooXoo"}, {hit::tambourine, "x..X.."}}}},
              .fill = {{hit::low_tom, "X.xxxxXxxxxx"}},
              .from_energy = 0.3}};
  s.parts[0].levels = {"R-----", "R--5--", "R--5-a"};
  s.parts[1].levels = {"1-32-3", "1-32-3", "X-ox-o"};
  s.parts[2].levels = {"X-----"};
  s.parts[2].programs = {gm::bagpipe, gm::accordion};
  s.lead.programs = {gm::whistle, gm::fiddle, gm::flute};
  s.lead.rhythms = {"x-xxxx", "xxxx-x", "xxxxxx", "x--x-x"};
  s.lead.answers = {gm::harp};
  return s;
}

style flamenco() {
  style s = folk();
  s.id = "flamenco";
  s.bpm = {96, 116, 140};
  s.minor_default = true;
  s.drums = {{.name = "palmas and cajon",
              .hand = true,
              .levels = {{{{hit::clap, "....x.......x..."}},
                          {{hit::clap, "..x.X.x...x.X.x."}, {hit::conga_low, "X.....x.X......."}},
                          {{hit::clap, "x.x.X.x.x.x.X.xx"},
                           {hit::conga_low, "X..x..x.X..x...."},
                           {hit::castanets, "x.xxx.x.x.xxx.x."}}}}}};
  s.parts[1].programs = {gm::nylon_guitar};
  s.parts[1].levels = {"1-3-2-3-4-3-2-3-", "X-oox-oxX-o-x-ox", "XoxxXoxxX-xxXxxx"};
  s.lead.programs = {gm::nylon_guitar};
  s.lead.rhythms = {"x-xxx-xxx---x---", "x---xxx-x---....", "xxx-x-x-x---x---"};
  s.minor = {{"i | VII | VI | V", "i | iv | i | V"}, {"i | VII | VI | V"}, {"iv | i | VI | V"}};
  return s;
}

}  // namespace

std::vector<style> folk_styles() {
  return {folk(), celtic(), flamenco()};
}

}  // namespace son1k::music
