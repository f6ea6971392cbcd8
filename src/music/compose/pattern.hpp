// Reads the styles' text patterns into timed steps and fits them to the metre. Pure, thread safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "music/compose/form.hpp"

namespace son1k::music {

struct step {
  std::int32_t tick = 0;      // from the bar's start
  std::int32_t duration = 0;  // to the next symbol or rest
  char symbol = 'x';
};

// The steps of bar `bar` of a pattern ("|" parts bars, which take turns), written in metre
// `written` and played in `played`. Never reaches past the bar.
std::vector<step> read_bar(std::string_view pattern, int bar, const metre& written,
                           const metre& played);

// The same as text: one bar of `pattern` as it is in `played`.
std::string fit_bar(std::string_view pattern, int bar, const metre& written, const metre& played);

// 'X' 100 % and more, 'x' and single tones a little less, 'o' soft, 'g' a ghost: percent.
int loudness_of(char symbol);

}  // namespace son1k::music
