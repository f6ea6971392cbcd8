#include "music/styles/style.hpp"

namespace son1k::music {

namespace {

// The one drop: kick and rim together on the third beat, nothing on the first; skank on the
// off-beats; the organ bubbles between.
style reggae() {
  style s{.id = "reggae",
          .kind = genre::reggae,
          .bpm = {68, 76, 88},
          .swing = 56,
          .swing_unit = 16,
          .sound = colour::warm};
  s.drums = {{.kit = kit::room,
              .levels = {{{{hit::kick, "........X......."},
                           {hit::rim, "........x......."},
                           {hit::hat, "x...x...x...x..."}},
                          {{hit::kick, "........X......."},
                           {hit::rim, "........X......x"},
                           {hit::hat, "x.o.x.o.x.o.x.oo"}},
                          {{hit::kick, "x...x...X...x..."},
                           {hit::snare, "........X......g"},
                           {hit::rim, "...x.......x..x."},
                           {hit::hat, "x.o.x.o.x.oox.o."},
                           {hit::open_hat, "..............x."}}}},
              .fill = {{hit::kick, "........X......."},
                       {hit::high_tom, "........XX.x...."},
                       {hit::mid_tom, "............X.x."},
                       {hit::snare, "x.xx............"}}}};
  s.parts = {{.role = stem::bass,
              .programs = {gm::finger_bass},
              .low = 28,
              .high = 43,
              .levels = {"R-------........", "R--R--5-..3-R-..|R--R--8-..5-3-..",
                         "R--R--5-..3-R-5-|R--R--8-..5-3-R-"},
              .velocity = 100,
              .reverb = 0.02},
             {.role = stem::chords,
              .programs = {gm::muted_guitar, gm::clean_guitar},
              .low = 55,
              .high = 74,
              .levels = {"....x.......x...", "....X.......X...", "....X.x.....X.x."},
              .velocity = 84,
              .roll = 4,
              .pan = -0.4,
              .reverb = 0.12,
              .delay = 0.1},
             {.role = stem::chords,
              .programs = {gm::piano},
              .low = 52,
              .high = 72,
              .levels = {"....x.......x...", "....x.......x...", "....x.......x..."},
              .velocity = 66,
              .pan = 0.2,
              .reverb = 0.12},
             {.role = stem::chords,
              .programs = {gm::organ},
              .low = 52,
              .high = 70,
              .levels = {"", "..x.o.x...x.o.x.", ".ox.ox.x.ox.ox.x"},
              .from_energy = 0.4,
              .velocity = 54,
              .pan = 0.45,
              .reverb = 0.15}};
  s.lead = {.programs = {gm::trombone, gm::harmonica, gm::organ, gm::alto_sax},
            .rhythms = {"x--x--x-x---....", "..x-x-x-x---....", "x---x-x-........"},
            .delay = 0.35,
            .answers = {gm::brass, gm::trombone}};
  s.major = {{"I | IV | I | V", "I | V | vi | IV", "I | ii | I | V"},
             {"I | IV | V | I", "I | vi | IV | V"},
             {"vi | ii | IV | V"}};
  s.minor = {{"i | iv | i | V", "i | VII | i | V"},
             {"i | VI | iv | V", "i | iv | VI | V"},
             {"iv | i | iv | V"}};
  return s;
}

style ska() {
  style s = reggae();
  s.id = "ska";
  s.bpm = {132, 148, 164};
  s.swing = 50;
  s.sound = colour::live_room;
  s.drums[0].levels = {{{{hit::kick, "........X......."}, {hit::hat, "x.x.x.x.x.x.x.x."}},
                        {{hit::kick, "X.......X......."},
                         {hit::snare, "....X.......X..."},
                         {hit::hat, "..X...X...X...X."}},
                        {{hit::kick, "X.......X.x....."},
                         {hit::snare, "....X.......X..."},
                         {hit::open_hat, "..X...X...X...X."}}}};
  s.parts[0].levels = {"R---5---R---5---", "R---3---5---a---", "R---3---5---a---"};
  for (std::size_t i : {1U, 2U}) {
    s.parts[i].levels = {"..x...x...x...x.", "..X...X...X...X.", "..X...X...X...X."};
  }
  s.lead.programs = {gm::trumpet, gm::tenor_sax, gm::trombone};
  s.lead.answers = {gm::trombone};
  return s;
}

style dub() {
  style s = reggae();
  s.id = "dub";
  s.bpm = {66, 72, 78};
  s.minor_default = true;
  s.sound = colour::dark;
  s.parts[1].delay = 0.5;
  s.parts[3].delay = 0.3;
  s.lead.programs = {gm::harmonica, gm::trombone};
  s.lead.rhythms = {"x--x--..........", "x-------........", "..x-x-x-........"};
  s.lead.delay = 0.55;
  return s;
}

}  // namespace

std::vector<style> reggae_styles() {
  return {reggae(), ska(), dub()};
}

}  // namespace son1k::music
