// Who plays: the style's parts after the brief's wishes and exclusions. Pure, thread safe.
#pragma once
#include <string>
#include <vector>

#include "music/compose/melody.hpp"

namespace son1k::music {

struct player {
  std::string name;
  int program = 0;
  part plays;          // pattern, register, mix; `programs` is settled in `program`
  bool asked = false;  // by the brief: heard from the first section on
};

struct band {
  std::vector<drum_part> drums;
  std::vector<player> players;
  bool has_lead = true;
  player lead;
  bool has_answer = false;
  player answer;
};

band arrange(const brief& b, const style& s, rng random);

// Hand percussion by name ("congas", "shaker", "drums"): a part for it, empty levels if unknown.
drum_part percussion_named(const std::string& name);

}  // namespace son1k::music
