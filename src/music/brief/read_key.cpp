#include <array>
#include <string_view>

#include "music/brief/lexicon.hpp"
#include "music/brief/readers.hpp"

namespace son1k::music {
namespace {

using kind = token::kind;

struct note_reading {
  int pitch = 0;
  int shift = 0;            // -1 flat, 1 sharp
  bool spanish = false;     // do re mi
  std::size_t next = 0;     // the token after it
  std::string_view suffix;  // "m" of "F#m"
};

bool is(const std::vector<token>& t, std::size_t i, std::string_view word) {
  return i < t.size() && !t[i].used && t[i].what == kind::word && t[i].folded == word;
}

bool any(const std::vector<token>& t, std::size_t i,
         std::initializer_list<std::string_view> words) {
  for (std::string_view w : words) {
    if (is(t, i, w)) return true;
  }
  return false;
}

// A note name at `i`, its accidental in the same token ("f#", "bb") or the next ("si bemol").
std::optional<note_reading> note_at(const std::vector<token>& t, std::size_t i) {
  if (i >= t.size() || t[i].used || t[i].what != kind::word) return std::nullopt;
  constexpr std::array<std::pair<std::string_view, int>, 8> syllables{
      {{"do", 0}, {"re", 2}, {"mi", 4}, {"fa", 5}, {"sol", 7}, {"la", 9}, {"si", 11}, {"ti", 11}}};
  constexpr std::array<int, 7> letters{9, 11, 0, 2, 4, 5, 7};
  std::string_view w = t[i].folded;
  note_reading n;
  bool found = false;
  for (const auto& [name, pitch] : syllables) {
    if (w.substr(0, name.size()) == name &&
        (w.size() == name.size() || w.substr(name.size()) == "#" || w.substr(name.size()) == "b")) {
      n.pitch = pitch;
      n.spanish = true;
      w.remove_prefix(name.size());
      found = true;
      break;
    }
  }
  if (!found && !w.empty() && w[0] >= 'a' && w[0] <= 'g' && w.size() <= 5) {
    n.pitch = letters[static_cast<std::size_t>(w[0] - 'a')];
    w.remove_prefix(1);
    found = true;
  }
  if (!found) return std::nullopt;
  if (!w.empty() && (w[0] == '#' || w[0] == 'b')) {
    n.shift = w[0] == '#' ? 1 : -1;
    w.remove_prefix(1);
  }
  if (!w.empty() && w != "m" && w != "min" && w != "maj") return std::nullopt;
  n.suffix = w;
  n.next = i + 1;
  if (n.shift == 0 && n.suffix.empty()) {
    const bool flat = any(t, n.next, {"flat", "bemol"});
    const bool sharp = any(t, n.next, {"sharp", "sostenido", "#"});
    n.shift = flat ? -1 : sharp ? 1 : 0;
    n.next += flat || sharp ? 1U : 0U;
  }
  return n;
}

std::optional<mode> mode_at(const std::vector<token>& t, std::size_t i) {
  if (i >= t.size() || t[i].used) return std::nullopt;
  for (const match& m : look_up({t[i]}, 0)) {
    if (m.from == table::mode) return mode_words()[m.row].scale;
  }
  return std::nullopt;
}

bool upper_first(const token& t) {
  return !t.original.empty() && t.original[0] >= 'A' && t.original[0] <= 'Z';
}

// "key of", "tono de", "tonalidad:" right before `i`.
bool named_key(const std::vector<token>& t, std::size_t i) {
  std::size_t back = i;
  while (back > 0 &&
         (t[back - 1].what == kind::stop || any(t, back - 1, {"of", "de", "is", "en", "in"}))) {
    --back;
  }
  return back > 0 && any(t, back - 1, {"key", "tono", "tonalidad", "clave", "escala", "tonality"});
}

// Whether a note without a mode after it is meant as a key: "in D", "key of Eb", "en sol".
bool lone_key(const std::vector<token>& t, std::size_t i, const note_reading& n) {
  if (named_key(t, i)) return true;
  if (i == 0 || !any(t, i - 1, {"in", "en"})) return false;
  if (n.spanish) {
    return n.shift != 0 || n.pitch == 2 || n.pitch == 5 ||
           ((n.pitch == 0 || n.pitch == 7) && (n.next >= t.size() || t[n.next].what == kind::stop));
  }
  const bool clause_ends = n.next >= t.size() || t[n.next].what != kind::word;
  return upper_first(t[i]) && (n.shift != 0 || clause_ends || n.pitch != 9);
}

}  // namespace

key_reading read_key(std::vector<token>& t) {
  key_reading key;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const auto n = note_at(t, i);
    if (!n) continue;
    std::optional<mode> scale = mode_at(t, n->next);
    std::size_t next = n->next + (scale ? 1U : 0U);
    if (scale && !n->spanish && n->shift == 0 && !upper_first(t[i])) {
      // "a minor key" is a mode; "in a minor" and "in d minor" are keys.
      const bool article = n->pitch == 9 && any(t, next, {"key", "mode", "scale", "chord", "mood"});
      const bool led = i > 0 && any(t, i - 1, {"in", "of", "key", "en", "tono"});
      if (article || (n->pitch == 9 && !led && !named_key(t, i))) continue;
    }
    if (scale && n->spanish && n->pitch == 9 && is(t, next, "parte")) continue;
    if (!scale && !n->suffix.empty()) {
      if (!upper_first(t[i])) continue;
      scale = n->suffix == "maj" ? mode::major : mode::minor;
    }
    if (!scale && !lone_key(t, i, *n)) continue;
    key.tonic = (n->pitch + n->shift + 12) % 12;
    key.flats = n->shift < 0;
    key.scale = scale;
    use(t, i, next);
    return key;
  }
  return key;
}

}  // namespace son1k::music
