#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

drum_part rock_kit() {
  return {.kit = kit::power,
          .levels = {{{{hit::kick, "X.......X......."},
                       {hit::rim, "....x.......x..."},
                       {hit::hat, "x.o.x.o.x.o.x.o."}},
                      {{hit::kick, "X.....x.X.x....."},
                       {hit::snare, "....X..g....X..."},
                       {hit::hat, "X.x.X.x.X.x.X.x."}},
                      {{hit::kick, "X..x..x.X.xx...."},
                       {hit::snare, "....X..g.g..X..."},
                       {hit::ride, "X.x.X.x.X.x.X.x."},
                       {hit::open_hat, "..............x."}}}},
          .fill = {{hit::kick, "X...x...x...x..."},
                   {hit::snare, "....X...XXxx...."},
                   {hit::high_tom, "............Xx.."},
                   {hit::floor_tom, "..............XX"}}};
}

style rock() {
  style s{.id = "rock", .kind = genre::rock, .bpm = {100, 124, 148}, .sound = colour::live_room};
  s.drums = {rock_kit()};
  s.parts = {{.role = stem::bass,
              .programs = {gm::picked_bass, gm::finger_bass},
              .low = 28,
              .high = 43,
              .levels = {"R-------R-------", "R-R-R-R-R-R-R-5-", "R-R-R-R-R-R-5-8-"},
              .from_energy = 0.2,
              .velocity = 94,
              .gain_db = 2.5,
              .reverb = 0.03},
             {.role = stem::chords,
              .programs = {gm::overdriven_guitar},
              .low = 40,
              .high = 60,
              .levels = {"X---------------", "X.x.x.x.X.x.x.x.", "X---x-x-X-x-x-x-"},
              .from_energy = 0.4,
              .velocity = 78,
              .roll = 8,
              .gain_db = -2.0,
              .pan = -0.55,
              .reverb = 0.12},
             {.role = stem::chords,
              .programs = {gm::distorted_guitar},
              .low = 40,
              .high = 57,
              .levels = {"", "X---------------", "X-----x-X-----x-"},
              .from_energy = 0.6,
              .velocity = 74,
              .roll = 8,
              .gain_db = -4.0,
              .pan = 0.55,
              .reverb = 0.12},
             {.role = stem::arpeggio,
              .programs = {gm::clean_guitar},
              .low = 52,
              .high = 76,
              .levels = {"1.2.3.4.3.2.3.2.", "1.3.2.3.4.3.2.3.", ""},
              .velocity = 70,
              .gain_db = 4.0,
              .pan = 0.3,
              .reverb = 0.25,
              .delay = 0.2},
             {.role = stem::pad,
              .programs = {gm::rock_organ},
              .low = 55,
              .high = 76,
              .levels = {"X---------------"},
              .from_energy = 0.4,
              .velocity = 66,
              .gain_db = 5.0,
              .reverb = 0.2}};
  s.lead = {
      .programs = {gm::overdriven_guitar, gm::distorted_guitar},
      .rhythms = {"x--x--x-x-x-x---", "x-x-x-x---x-x---", "x---x--x--x-x---", "..x-x-x-x---x-x-"},
      .velocity = 92,
      .blue = true};
  s.major = {{"I | I | IV | V", "I | bVII | IV | I", "I | V | IV | I"},
             {"I | V | vi | IV", "I | IV | V | IV"},
             {"vi | IV | ii | V", "IV | IV | I | V"}};
  // Distorted fifths sound like their own fifth, so the dominant is kept for the turns and the loop
  // comes home to the tonic: with a V in every fourth bar the key is heard a fifth too high.
  s.minor = {{"i | i | VI | i", "i | VII | iv | i", "i | iv | i | V"},
             {"i | VI | VII | i", "i | iv | VI | i"},
             {"VI | VII | i | i", "iv | iv | i | V"}};
  return s;
}

style punk() {
  style s = rock();
  s.id = "punk";
  s.bpm = {150, 168, 184};
  s.drums = {{.kit = kit::power,
              .levels = {{{{hit::kick, "X.......X......."},
                           {hit::snare, "....X.......X..."},
                           {hit::hat, "X.x.X.x.X.x.X.x."}},
                          {{hit::kick, "X.....x.X.x....."},
                           {hit::snare, "....X.......X..."},
                           {hit::open_hat, "X...X...X...X..."}},
                          {{hit::kick, "X.x...x.X.x...x."},
                           {hit::snare, "....X.......X..."},
                           {hit::crash, "X..............."},
                           {hit::ride, "X...X...X...X..."}}}},
              .fill = {{hit::snare, "X.X.X.X.XxXxXxXx"}, {hit::kick, "X...X...X...X..."}}}};
  s.parts[0].levels = {"R-R-R-R-R-R-R-R-", "R-R-R-R-R-R-R-R-", "R-R-R-R-R-R-5-5-"};
  s.parts[1].levels = {"X.x.x.x.X.x.x.x.", "X.x.x.x.X.x.x.x.", "XxxxXxxxXxxxXxxx"};
  s.parts.erase(s.parts.begin() + 3, s.parts.end());
  return s;
}

style indie() {
  style s = rock();
  s.id = "indie";
  s.bpm = {96, 116, 136};
  s.drums[0].kit = kit::room;
  s.parts[1].programs = {gm::clean_guitar};
  s.parts[2].programs = {gm::overdriven_guitar};
  s.lead.programs = {gm::clean_guitar, gm::square_lead};
  s.lead.blue = false;
  s.major.verse = {"Imaj7 | IV | Imaj7 | V", "I | iii | IV | V"};
  return s;
}

}  // namespace

std::vector<style> rock_styles() {
  return {rock(), punk(), indie()};
}

}  // namespace son1k::music
