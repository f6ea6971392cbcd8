// The form: how many bars, which sections, how much energy each has. Pure, thread safe.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "music/brief/brief.hpp"
#include "music/styles/style.hpp"

namespace son1k::music {

struct metre {
  int beats = 4;
  int unit = 4;
  int bar_ticks() const { return beats * ticks_per_quarter * 4 / unit; }
  bool compound() const { return unit == 8 && beats % 3 == 0 && beats > 3; }
  // The beat that is counted: a dotted quarter in 6/8.
  int beat_ticks() const { return ticks_per_quarter * 4 / unit * (compound() ? 3 : 1); }
};

// What a section plays; the theme decides melody and harmony.
enum class theme { intro, verse, hook, bridge, solo, outro };

struct section {
  std::string name;
  theme what = theme::verse;
  int first_bar = 0;
  int bars = 4;
  double energy = 0.5;
  int pass = 0;  // how often this theme was heard before
};

struct form {
  metre time;
  double quarter_bpm = 100.0;
  int bars = 0;  // the last one holds the final chord
  std::vector<section> sections;
  std::int32_t final_onset = 0;  // where the last chord is struck
  std::int32_t end = 0;          // no note sounds after this tick
  bool cut = false;              // the piece is shorter than a bar: it has to fade
  int tune_bars = 0;             // of the piece that the tune was made for: decides its length
  std::int32_t length() const { return bars * time.bar_ticks(); }
};

form plan_form(const brief& b, const style& s);

// The form of a longer piece that goes on where `before` would have ended: its sections without
// their ending, then new ones. `duration_seconds` is of the whole.
struct continued_form {
  form whole;
  int from_bar = 0;  // the first bar that is new
};
continued_form continue_form(const form& before, int duration_seconds, const brief& b,
                             const style& s);

}  // namespace son1k::music
