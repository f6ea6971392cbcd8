// The words the composer knows, in English and Spanish, as tables: styles (words_styles.cpp),
// moods (words_moods.cpp), instruments (words_instruments.cpp), tempo, modes and the small words
// (words_common.cpp). Words are folded (no accents, lower case, hyphens as spaces); "|" parts
// synonyms. Constant, thread safe.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "music/brief/brief.hpp"
#include "music/brief/text.hpp"

namespace son1k::music {

struct style_word {
  std::string_view style;  // id in the catalogue
  std::string_view english, spanish;
  bool weak = false;  // gives way to any other style: "waltz" in "jazz waltz"
};

struct mood_word {
  std::string_view name;
  int valence;  // -100 .. 100
  int energy;   // 0 .. 100
  std::string_view english, spanish;
};

struct instrument_word {
  std::string_view name;  // as in instruments.hpp, or a percussion name, or a family's
  int program;            // -1: drums or hand percussion
  std::string_view english, spanish;
};

// A tempo by word: `bpm` if the word has one (Italian), else slow -1, middle 0, fast +1 within the
// style's own range.
struct tempo_word {
  int bpm;
  int pace;
  std::string_view english, spanish;
};

struct mode_word {
  mode scale;
  std::string_view english, spanish;
};

// Words that steer other words.
enum class small { negator, lead, accompaniment, soft, loud, only, vocals, filler, joiner };
struct small_word {
  small what;
  std::string_view english, spanish;
};

const std::vector<style_word>& style_words();
const std::vector<mood_word>& mood_words();
const std::vector<instrument_word>& instrument_words();
const std::vector<tempo_word>& tempo_words();
const std::vector<mode_word>& mode_words();
const std::vector<small_word>& small_words();

enum class table { style, mood, instrument, tempo, mode, small };

struct match {
  table from = table::small;
  std::size_t row = 0;
  std::size_t length = 1;  // tokens
  bool spanish = false;
};

// All meanings of the longest phrase that starts at tokens[at] (a word can be both mood and
// style); empty if none. Plurals and Spanish feminine forms are found too.
std::vector<match> look_up(const std::vector<token>& tokens, std::size_t at);

}  // namespace son1k::music
