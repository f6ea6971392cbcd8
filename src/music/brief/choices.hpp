// What the composer decides where the prompt is silent: style, mood, key, metre, tempo, duration
// and title, by genre, mood and seed. Pure, thread safe.
#pragma once
#include "music/brief/brief.hpp"

namespace son1k::music {

// A tempo asked for by word.
struct tempo_wish {
  int bpm = 0;         // an Italian tempo's, or 0
  int pace = 0;        // -1 slow, 0 middle, 1 fast
  bool given = false;  // any word at all
  bool ballad = false;
};

// Fills every value of `b` whose origin is `chosen`; never touches the others.
void choose_the_rest(brief& b, const tempo_wish& tempo);

// A title in the brief's language from its mood and seed.
std::string invent_title(const brief& b);

}  // namespace son1k::music
