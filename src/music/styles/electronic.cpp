#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

drum_part four_on_the_floor(int program) {
  return {.kit = program,
          .levels = {{{{hit::kick, "X...X...X...X..."}, {hit::hat, "..o...o...o...o."}},
                      {{hit::kick, "X...X...X...X..."},
                       {hit::clap, "....X.......X..."},
                       {hit::open_hat, "..x...x...x...x."},
                       {hit::hat, "o..oo..oo..oo..o"}},
                      {{hit::kick, "X...X...X...X..."},
                       {hit::clap, "....X.......X..."},
                       {hit::open_hat, "..X...X...X...X."},
                       {hit::hat, "xoxoxoxoxoxoxoxo"},
                       {hit::snare, ".......g.......g"}}}},
          .fill = {{hit::kick, "X...X...X......."},
                   {hit::snare, "x...x...x.x.xxXX"},
                   {hit::open_hat, "..x...x...x....."}}};
}

style house() {
  style s{.id = "house",
          .kind = genre::electronic,
          .bpm = {118, 124, 128},
          .minor_default = true,
          .sound = colour::club,
          .sidechain = true,
          .looseness = 2};
  s.drums = {four_on_the_floor(kit::electronic)};
  s.parts = {{.role = stem::bass,
              .programs = {gm::synth_bass, gm::synth_bass_2},
              .low = 28,
              .high = 45,
              .levels = {"R-..R-..R-..R-..", "..R-..R-..R-..5-", "..R-.rR-..R-.r8-"},
              .velocity = 96,
              .reverb = 0.0},
             {.role = stem::chords,
              .programs = {gm::piano, gm::electric_piano, gm::organ},
              .low = 52,
              .high = 76,
              .levels = {"X---....x---....", "X--x--x-..x--x..", "X--x--x-X--x--x-"},
              .from_energy = 0.4,
              .velocity = 76,
              .reverb = 0.2,
              .delay = 0.15},
             {.role = stem::pad,
              .programs = {gm::warm_pad, gm::synth_strings},
              .low = 50,
              .high = 76,
              .levels = {"X---------------"},
              .velocity = 62,
              .reverb = 0.35},
             {.role = stem::arpeggio,
              .programs = {gm::saw_lead, gm::square_lead},
              .low = 60,
              .high = 84,
              .levels = {"1.2.3.4.1.2.3.4.", "1.342.341.342.34", "1234323512343235"},
              .from_energy = 0.55,
              .velocity = 58,
              .pan = 0.3,
              .reverb = 0.3,
              .delay = 0.35}};
  s.lead = {.programs = {gm::saw_lead, gm::square_lead},
            .rhythms = {"x--x--x---x-x---", "x-x-..x-x-x-....", "..x-x--x--x-x---"},
            .delay = 0.3,
            .from_energy = 0.45};
  s.major = {
      {"I | vi | IV | V", "Imaj7 | IVmaj7 | ii7 | V"}, {"I | V | vi | IV"}, {"IV | V | vi | V"}};
  s.minor = {{"i7 | iv7 | i7 | V", "i | VI | iv | V", "i7 | VImaj7 | iv7 | V"},
             {"i | VI | III | V", "i | iv | VI | V"},
             {"VI | VII | i | V", "iv | VI | i | V"}};
  return s;
}

style techno() {
  style s = house();
  s.id = "techno";
  s.bpm = {126, 132, 140};
  s.sound = colour::dark;
  s.drums = {four_on_the_floor(kit::tr808)};
  s.drums[0].levels[1].push_back({hit::rim, "...x..x....x..x."});
  s.drums[0].levels[2].push_back({hit::low_tom, "..........x..x.."});
  s.parts[0].levels = {"R...R...R...R...", "..RrR.Rr..RrR.Rr", ".RrR.RrR.RrR.R8R"};
  s.parts[1].programs = {gm::poly_pad, gm::synth_brass};
  s.parts[1].levels = {"", "...x......x.....", "...X..x...X..x.."};
  s.parts[3].levels = {"1...1..1..1...1.", "1.1.21.11.1.2131", "1121311211213141"};
  s.lead.rhythms = {"x..x..x.........", "x---..x---..x---"};
  s.minor = {{"i | i | i | V", "i | i | bII | i"}, {"i | iv | i | V"}, {"VI | V | i | V"}};
  return s;
}

style trance() {
  style s = house();
  s.id = "trance";
  s.bpm = {130, 138, 142};
  s.sound = colour::bright;
  s.section_bars = 16;
  s.parts[0].levels = {"..R-..R-..R-..R-", "..R-..R-..R-..R-", ".RRR.RRR.RRR.RRR"};
  s.parts[1].programs = {gm::saw_lead, gm::synth_strings};
  s.parts[1].levels = {"X---------------", "X..x..x..x..x.x.", "X..x..x..x..x.x."};
  s.parts[3].levels = {"1.3.2.4.1.3.2.4.", "1324132413241324", "1325343513253435"};
  s.lead.rhythms = {"x--x--x--x--x-x-", "x---x---x--x--x-", "x-x-x---x-x-x---"};
  return s;
}

style synthwave() {
  style s = house();
  s.id = "synthwave";
  s.bpm = {84, 100, 116};
  s.sound = colour::vintage;
  s.drums = {{.kit = kit::electronic,
              .levels = {{{{hit::kick, "X.......X......."}, {hit::hat, "x.x.x.x.x.x.x.x."}},
                          {{hit::kick, "X...X...X...X..."},
                           {hit::snare, "....X.......X..."},
                           {hit::hat, "xoxoxoxoxoxoxoxo"}},
                          {{hit::kick, "X...X...X...X..."},
                           {hit::snare, "....X.......X..."},
                           {hit::hat, "xoxoxoxoxoxoxo.."},
                           {hit::open_hat, "..............x."}}}},
              .fill = {{hit::kick, "X...X...X...X..."},
                       {hit::snare, "....X..........."},
                       {hit::high_tom, "......xxXX......"},
                       {hit::mid_tom, "..........XXx..."},
                       {hit::floor_tom, ".............XXX"}}}};
  s.parts[0].levels = {"R-R-R-R-R-R-R-R-", "RrR8RrR8RrR8RrR8", "RR8RRR8RRR8RRR8R"};
  s.parts[1].programs = {gm::synth_brass, gm::poly_pad};
  s.parts[1].levels = {"X---------------", "X-----x-----X---", "X--x--X---x-X---"};
  s.minor = {{"i | VI | VII | i", "i | VI | iv | V"},
             {"i | VII | VI | V", "i | VI | III | V"},
             {"iv | VI | i | V"}};
  return s;
}

style drum_and_bass() {
  style s = house();
  s.id = "drum and bass";
  s.bpm = {168, 174, 178};
  s.sound = colour::dark;
  s.drums = {{.kit = kit::electronic,
              .levels = {{{{hit::kick, "X.........X....."}, {hit::hat, "x.o.x.o.x.o.x.o."}},
                          {{hit::kick, "X.........X....."},
                           {hit::snare, "....X..g.g..X..."},
                           {hit::hat, "x.xox.xox.xox.xo"}},
                          {{hit::kick, "X.x.......X..x.."},
                           {hit::snare, "....X..g.g..X..g"},
                           {hit::ride, "X.x.X.x.X.x.X.x."},
                           {hit::hat, "oxoxoxoxoxoxoxox"}}}},
              .fill = {{hit::kick, "X.........X....."},
                       {hit::snare, "....X..x.xx.XxXX"},
                       {hit::hat, "x.x.x.x.x.x....."}}}};
  s.parts[0].levels = {"R---------------", "R-----R-..R---5-", "R--R--R-..RrR-8-"};
  s.parts[1].levels = {"X---------------", "X-----x---------", "X--x--x---x--x--"};
  return s;
}

style dubstep() {
  style s = drum_and_bass();
  s.id = "dubstep";
  s.bpm = {138, 140, 144};
  s.drums[0].levels = {{{{hit::kick, "X..............."}, {hit::hat, "x...x...x...x..."}},
                        {{hit::kick, "X.....x........."},
                         {hit::snare, "........X......."},
                         {hit::hat, "x.x.x.x.x.x.x.xx"}},
                        {{hit::kick, "X..x..x.....x..."},
                         {hit::snare, "........X......."},
                         {hit::hat, "x.xxx.x.x.x.xxxx"},
                         {hit::crash, "o..............."}}}};
  s.parts[0].levels = {"R---------------", "R-----r-R--r--R-", "R-R-R-r-R--R--8-"};
  return s;
}

}  // namespace

std::vector<style> electronic_styles() {
  return {house(), techno(), trance(), synthwave(), drum_and_bass(), dubstep()};
}

}  // namespace son1k::music
