// A prompt as tokens: decoded from UTF-8, lower case, without accents. Pure, thread safe.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace son1k::music {

struct token {
  enum class kind { word, number, ratio, clock, stop };
  kind what = kind::word;
  std::string folded;    // "acordeon"; for numbers the digits
  std::string original;  // "acordeón"
  double value = 0.0;    // number; minutes of a clock time; numerator of a ratio
  double second = 0.0;   // seconds of a clock time; denominator of a ratio
  bool used = false;     // something was understood from it
};

// Marks the tokens [from, to), as far as there are any.
inline void use(std::vector<token>& t, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to && i < t.size(); ++i) t[i].used = true;
}

// Code points, or nothing if `utf8` is not valid (overlong forms, surrogates, > U+10FFFF).
std::optional<std::vector<char32_t>> decode_utf8(std::string_view utf8);
std::string encode_utf8(const std::vector<char32_t>& text);
std::vector<char32_t> trim(std::vector<char32_t> text);

// Words (letters, "#", "&"), numbers ("80", "92.5"), ratios ("3/4"), clock times ("2:30") and
// stops (comma, semicolon, full stop, brackets, line ends). "lo-fi" gives two words.
std::vector<token> tokenize(const std::vector<char32_t>& text);

// One code point in lower case and without accent; 0 if it is no letter, digit, # or &.
char32_t fold(char32_t c);

}  // namespace son1k::music
