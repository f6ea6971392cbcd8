#include "music/compose/theory.hpp"

#include <array>
#include <cctype>
#include <cstdlib>

namespace son1k::music {
namespace {

constexpr std::array<int, 7> major_roots{0, 2, 4, 5, 7, 9, 11};
constexpr std::array<int, 7> minor_roots{0, 2, 3, 5, 7, 8, 10};

const std::array<int, 7>& roots_of(mode m) {
  return is_minor(m) ? minor_roots : major_roots;
}

struct quality_row {
  std::string_view suffix;  // as written after the numeral
  bool minor;               // for a lower-case numeral
  std::vector<int> tones;
  std::string_view symbol;
};

const std::vector<quality_row>& qualities() {
  static const std::vector<quality_row> rows = {
      {"", false, {0, 4, 7}, ""},
      {"", true, {0, 3, 7}, "m"},
      {"7", false, {0, 4, 7, 10}, "7"},
      {"7", true, {0, 3, 7, 10}, "m7"},
      {"maj7", false, {0, 4, 7, 11}, "maj7"},
      {"maj7", true, {0, 3, 7, 11}, "m(maj7)"},
      {"6", false, {0, 4, 7, 9}, "6"},
      {"6", true, {0, 3, 7, 9}, "m6"},
      {"9", false, {0, 4, 7, 10, 14}, "9"},
      {"9", true, {0, 3, 7, 10, 14}, "m9"},
      {"add9", false, {0, 4, 7, 14}, "add9"},
      {"add9", true, {0, 3, 7, 14}, "m(add9)"},
      {"sus4", false, {0, 5, 7}, "sus4"},
      {"sus2", false, {0, 2, 7}, "sus2"},
      {"o", true, {0, 3, 6}, "dim"},
      {"o7", true, {0, 3, 6, 9}, "dim7"},
      {"h7", true, {0, 3, 6, 10}, "m7b5"},
      {"+", false, {0, 4, 8}, "aug"},
  };
  return rows;
}

// Reads the numeral's letters at the front of `text`, 0..6; -1 if there are none.
int take_degree(std::string_view& text, bool& lower) {
  std::size_t n = 0;
  std::string letters;
  while (n < text.size() && (std::toupper(static_cast<unsigned char>(text[n])) == 'I' ||
                             std::toupper(static_cast<unsigned char>(text[n])) == 'V')) {
    letters += static_cast<char>(std::toupper(static_cast<unsigned char>(text[n])));
    ++n;
  }
  constexpr std::array<std::string_view, 7> numerals{"I", "II", "III", "IV", "V", "VI", "VII"};
  for (std::size_t d = 0; d < numerals.size(); ++d) {
    if (letters == numerals[d]) {
      lower = std::islower(static_cast<unsigned char>(text[0])) != 0;
      text.remove_prefix(n);
      return static_cast<int>(d);
    }
  }
  return -1;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

}  // namespace

int pitch_class(int pitch) {
  return ((pitch % 12) + 12) % 12;
}

pitch_set scale_set(const key& k) {
  constexpr std::array<std::array<int, 7>, 6> scales{{{0, 2, 4, 5, 7, 9, 11},
                                                      {0, 2, 3, 5, 7, 8, 10},
                                                      {0, 2, 3, 5, 7, 9, 10},
                                                      {0, 1, 3, 5, 7, 8, 10},
                                                      {0, 2, 4, 6, 7, 9, 11},
                                                      {0, 2, 4, 5, 7, 9, 10}}};
  pitch_set set = 0;
  for (int step : scales[static_cast<std::size_t>(k.scale)]) {
    set = static_cast<pitch_set>(set | (1U << pitch_class(k.tonic + step)));
  }
  return set;
}

pitch_set tones_of(const chord& c) {
  pitch_set set = 0;
  for (int t : c.tones) {
    set = static_cast<pitch_set>(set | (1U << pitch_class(c.root + t)));
  }
  return set;
}

bool contains(pitch_set set, int pitch) {
  return ((set >> pitch_class(pitch)) & 1U) != 0;
}

pitch_set scale_over(const key& k, const chord& c) {
  pitch_set set = scale_set(k);
  const pitch_set chord_set = tones_of(c);
  for (int pc = 0; pc < 12; ++pc) {
    if (!contains(chord_set, pc) || contains(set, pc)) {
      continue;
    }
    for (int neighbour : {pc + 1, pc - 1}) {
      if (!contains(chord_set, neighbour)) {
        set = static_cast<pitch_set>(set & ~(1U << pitch_class(neighbour)));
      }
    }
  }
  return static_cast<pitch_set>(set | chord_set);
}

int nearest(pitch_set set, int pitch, bool up) {
  for (int d = 0; d < 12; ++d) {
    const int first = up ? pitch + d : pitch - d;
    const int second = up ? pitch - d : pitch + d;
    if (contains(set, first)) return first;
    if (contains(set, second)) return second;
  }
  return pitch;
}

int walk(pitch_set set, int pitch, int steps) {
  int p = nearest(set, pitch);
  const int direction = steps < 0 ? -1 : 1;
  for (int n = std::abs(steps); n > 0 && set != 0; --n) {
    do {
      p += direction;
    } while (!contains(set, p));
  }
  return p;
}

std::string note_name(int pitch_class_, bool flats) {
  constexpr std::array<const char*, 12> sharp{"C",  "C#", "D",  "D#", "E",  "F",
                                              "F#", "G",  "G#", "A",  "A#", "B"};
  constexpr std::array<const char*, 12> flat{"C",  "Db", "D",  "Eb", "E",  "F",
                                             "Gb", "G",  "Ab", "A",  "Bb", "B"};
  return (flats ? flat : sharp)[static_cast<std::size_t>(pitch_class(pitch_class_))];
}

chord roman(std::string_view numeral, const key& k) {
  std::string_view text = trim(numeral);
  key local = k;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const chord target = roman(text.substr(slash + 1), k);
    local.tonic = target.root;
    local.scale = mode::major;
    text = text.substr(0, slash);
  }
  int shift = 0;
  if (!text.empty() && (text[0] == 'b' || text[0] == '#')) {
    shift = text[0] == 'b' ? -1 : 1;
    text.remove_prefix(1);
  }
  bool lower = false;
  const int degree = take_degree(text, lower);
  if (degree < 0) {
    return numeral == "I" || numeral == "i" ? chord{k.tonic, {0, 4, 7}, note_name(k.tonic, k.flats)}
                                            : roman(is_minor(k.scale) ? "i" : "I", k);
  }
  // A diminished seventh degree stands on the raised leading tone, in minor too.
  const bool leading = degree == 6 && lower && !text.empty() && text[0] == 'o';
  chord c;
  c.root = pitch_class(local.tonic + shift +
                       (leading ? 11 : roots_of(local.scale)[static_cast<std::size_t>(degree)]));
  c.dominant = degree == 4 && !lower;
  const bool flats = shift < 0 || (shift == 0 && k.flats && !leading);
  c.symbol = note_name(c.root, flats);
  for (const quality_row& row : qualities()) {
    if (row.suffix == text && row.minor == lower) {
      c.tones = row.tones;
      c.symbol += row.symbol;
      return c;
    }
  }
  c.tones = lower ? std::vector<int>{0, 3, 7} : std::vector<int>{0, 4, 7};
  c.symbol += lower ? "m" : "";
  return c;
}

std::vector<std::vector<chord>> parse_progression(std::string_view text, const key& k) {
  std::vector<std::vector<chord>> bars;
  while (!text.empty()) {
    const auto line = text.find('|');
    std::string_view bar = trim(text.substr(0, line));
    std::vector<chord> chords;
    while (!bar.empty()) {
      const auto space = bar.find(' ');
      chords.push_back(roman(bar.substr(0, space), k));
      bar = space == std::string_view::npos ? std::string_view{} : trim(bar.substr(space));
    }
    if (!chords.empty()) {
      bars.push_back(std::move(chords));
    }
    text = line == std::string_view::npos ? std::string_view{} : text.substr(line + 1);
  }
  return bars;
}

}  // namespace son1k::music
