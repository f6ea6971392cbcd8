#include "music/brief/lexicon.hpp"

#include <algorithm>

namespace son1k::music {
namespace {

struct entry {
  std::string phrase;
  match meaning;
};

void add(std::vector<entry>& index, std::string_view words, table from, std::size_t row,
         bool spanish) {
  while (!words.empty()) {
    const auto bar = words.find('|');
    const std::string_view phrase = words.substr(0, bar);
    const auto spaces = static_cast<std::size_t>(std::count(phrase.begin(), phrase.end(), ' '));
    index.push_back({std::string(phrase), {from, row, spaces + 1, spanish}});
    words = bar == std::string_view::npos ? std::string_view{} : words.substr(bar + 1);
  }
}

template <class Row>
void add_table(std::vector<entry>& index, const std::vector<Row>& rows, table from) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    add(index, rows[i].english, from, i, false);
    add(index, rows[i].spanish, from, i, true);
  }
}

const std::vector<entry>& phrase_index() {
  static const std::vector<entry> sorted = [] {
    std::vector<entry> index;
    add_table(index, style_words(), table::style);
    add_table(index, mood_words(), table::mood);
    add_table(index, instrument_words(), table::instrument);
    add_table(index, tempo_words(), table::tempo);
    add_table(index, mode_words(), table::mode);
    add_table(index, small_words(), table::small);
    std::stable_sort(index.begin(), index.end(),
                     [](const entry& a, const entry& b) { return a.phrase < b.phrase; });
    return index;
  }();
  return sorted;
}

std::vector<match> find_phrase(const std::string& phrase) {
  const auto& index = phrase_index();
  auto at = std::lower_bound(index.begin(), index.end(), phrase,
                             [](const entry& e, const std::string& p) { return e.phrase < p; });
  std::vector<match> found;
  for (; at != index.end() && at->phrase == phrase; ++at) {
    found.push_back(at->meaning);
  }
  return found;
}

bool ends_with(const std::string& s, std::string_view tail) {
  return s.size() > tail.size() + 2 && s.compare(s.size() - tail.size(), tail.size(), tail) == 0;
}

// The word as it stands, then its singular, masculine and plain forms.
std::vector<std::string> forms_of(const std::string& phrase) {
  std::vector<std::string> forms{phrase};
  const auto cut = [&](std::size_t n, const char* tail) {
    forms.push_back(phrase.substr(0, phrase.size() - n) + tail);
  };
  if (ends_with(phrase, "as")) cut(2, "o");
  if (ends_with(phrase, "es")) cut(2, "");
  if (ends_with(phrase, "s")) cut(1, "");
  if (ends_with(phrase, "a")) cut(1, "o");
  if (ends_with(phrase, "a")) cut(1, "");
  return forms;
}

}  // namespace

std::vector<match> look_up(const std::vector<token>& tokens, std::size_t at) {
  std::string phrase;
  std::vector<std::string> candidates;
  for (std::size_t n = 0; n < 4 && at + n < tokens.size(); ++n) {
    const token& t = tokens[at + n];
    const bool usable = t.what == token::kind::word || t.what == token::kind::number;
    if (!usable || t.used) {
      break;
    }
    phrase += n == 0 ? t.folded : " " + t.folded;
    candidates.push_back(phrase);
  }
  for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
    for (const std::string& form : forms_of(*candidate)) {
      if (std::vector<match> found = find_phrase(form); !found.empty()) {
        return found;
      }
    }
  }
  return {};
}

}  // namespace son1k::music
