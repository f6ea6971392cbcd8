#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

style swing() {
  style s{.id = "jazz",
          .kind = genre::jazz,
          .bpm = {104, 132, 184},
          .swing = 64,
          .sound = colour::live_room,
          .looseness = 10};
  s.drums = {{.kit = kit::jazz,
              .levels = {{{{hit::ride, "x...x...x...x..."}, {hit::pedal_hat, "....x.......x..."}},
                          {{hit::ride, "x...X.x.x...X.x."},
                           {hit::pedal_hat, "....x.......x..."},
                           {hit::kick, "o...o...o...o..."},
                           {hit::snare, "......g.......g."}},
                          {{hit::ride, "X...X.x.X...X.x."},
                           {hit::pedal_hat, "....x.......x..."},
                           {hit::kick, "o...o...o...o.x."},
                           {hit::snare, "..g...x...g...g."}}}},
              .fill = {{hit::ride, "x...X.x........."},
                       {hit::snare, "......x.x.xox.X."},
                       {hit::high_tom, "..........x...x."},
                       {hit::kick, "x.......x...x..."}},
              .late = -4}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::upright_bass},
              .low = 28,
              .high = 50,
              .levels = {"R-------5-------", "R---3---5---a---", "R---3---5-r-a---"},
              .velocity = 84,
              .reverb = 0.08},
             {.role = stem::chords,
              .programs = {gm::piano, gm::jazz_guitar},
              .low = 50,
              .high = 72,
              .levels = {"x---------------", "x..........x--..|......x---..x...",
                         "x-....x-....x-..|..x-......x-..x."},
              .velocity = 66,
              .roll = 5,
              .pan = -0.25,
              .reverb = 0.25},
             {.role = stem::pad,
              .programs = {gm::vibraphone},
              .low = 55,
              .high = 79,
              .levels = {"x---------------"},
              .from_energy = 0.75,
              .velocity = 52,
              .pan = 0.3,
              .reverb = 0.35}};
  s.lead = {
      .programs = {gm::tenor_sax, gm::alto_sax, gm::muted_trumpet, gm::vibraphone},
      .rhythms = {"..x-x-x-x-x-x---", "x-x-x-x---x-x---", "x---..x-x-x-x-x-", "..x-x---..x-x---"},
      .reverb = 0.3,
      .delay = 0.05,
      .chromatic = true,
      .answers = {gm::muted_trumpet, gm::jazz_guitar}};
  s.major = {{"Imaj7 | vi7 | ii7 | V7", "Imaj7 | V7/ii | ii7 | V7",
              "Imaj7 | Imaj7 | ii7 V7 | Imaj7 | vi7 | V7/V | ii7 | V7"},
             {"Imaj7 | vi7 | ii7 | V7 | iii7 | V7/ii | ii7 V7 | I6",
              "Imaj7 | V7/IV | IVmaj7 | iv6 | iii7 V7/ii | ii7 V7 | I6 | V7"},
             {"V7/vi | V7/vi | V7/ii | V7/ii | V7/V | V7/V | ii7 | V7",
              "iv7 | bVII7 | Imaj7 | V7/ii | ii7 | V7/V | ii7 | V7"}};
  s.minor = {{"i7 | iih7 V7 | i7 | V7", "i6 | iv7 | iih7 V7 | i6", "i7 | VImaj7 | iih7 | V7"},
             {"i7 | iv7 | iih7 V7 | i6", "i6 | V7 | i6 | V7 | iv7 | i6 | iih7 V7 | i6"},
             {"iv7 | iv7 | i7 | i7 | VI7 | VI7 | iih7 | V7"}};
  return s;
}

style jazz_ballad() {
  style s = swing();
  s.id = "jazz ballad";
  s.bpm = {56, 68, 80};
  s.swing = 58;
  s.sound = colour::warm;
  s.drums[0].kit = kit::brush;
  s.drums[0].levels = {{{{hit::snare, "o...g...o...g..."}, {hit::pedal_hat, "....o.......o..."}},
                        {{hit::snare, "o...x...o...x..."},
                         {hit::ride, "x...o.o.x...o.o."},
                         {hit::pedal_hat, "....o.......o..."},
                         {hit::kick, "o.......o......."}},
                        {{hit::snare, "o...x..go...x..g"},
                         {hit::ride, "x...x.o.x...x.o."},
                         {hit::pedal_hat, "....x.......x..."},
                         {hit::kick, "x.......x.....o."}}}};
  s.parts[0].levels = {"R---------------", "R-------5-----a-", "R-----5-3---a---"};
  s.parts[1].levels = {"X---------------", "X-----x-----x---", "X---x---x-----x-"};
  s.parts[1].programs = {gm::piano};
  s.parts[1].pedal = true;
  s.lead.rhythms = {"x-----x-x---x---", "..x-x---x-------", "x---x-x-x-------"};
  return s;
}

}  // namespace

std::vector<style> jazz_styles() {
  return {swing(), jazz_ballad()};
}

}  // namespace son1k::music
