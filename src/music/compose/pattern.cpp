#include "music/compose/pattern.hpp"

#include <algorithm>

namespace son1k::music {
namespace {

std::string_view bar_of(std::string_view pattern, int bar) {
  const int bars = 1 + static_cast<int>(std::count(pattern.begin(), pattern.end(), '|'));
  for (int skip = bar % bars; skip > 0; --skip) {
    pattern.remove_prefix(pattern.find('|') + 1);
  }
  return pattern.substr(0, pattern.find('|'));
}

bool onset(char c) {
  return c != '.' && c != '-';
}

// Which beat of a bar of `have` beats stands for each of `want` beats. Three beats keep the
// up-beat; five are three and two, seven four and three.
std::vector<int> beat_map(int have, int want) {
  if (have == 4) {
    switch (want) {
      case 3:
        return {0, 1, 3};
      case 5:
        return {0, 1, 3, 2, 3};
      case 6:
        return {0, 1, 3, 2, 1, 3};
      case 7:
        return {0, 1, 2, 3, 0, 1, 3};
      default:
        break;
    }
  }
  std::vector<int> map;
  for (int i = 0; i < want; ++i) {
    map.push_back(i < have ? i : 1 + (i - 1) % std::max(1, have - 1));
    map.back() = std::min(map.back(), have - 1);
  }
  return map;
}

// One beat of four steps as three, and the other way round; onsets win over holds and rests.
std::string to_three(const std::string& cell) {
  if (cell.size() == 6) {
    return {cell[0], cell[2], cell[4]};
  }
  if (cell.size() != 4) {
    return cell;
  }
  return {cell[0], onset(cell[2]) && !onset(cell[1]) ? cell[2] : cell[1], cell[3]};
}

std::string to_four(const std::string& cell) {
  const std::string three = cell.size() == 6 ? to_three(cell) : cell;
  if (three.size() != 3) {
    return cell;
  }
  const char hold = three[1] == '-' || three[2] == '-' ? '-' : '.';
  return {three[0], hold, onset(three[2]) ? three[2] : three[1], hold};
}

}  // namespace

std::string fit_bar(std::string_view pattern, int bar, const metre& written, const metre& played) {
  const std::string text(bar_of(pattern, bar));
  if (text.empty() ||
      (written.bar_ticks() == played.bar_ticks() && written.compound() == played.compound())) {
    return text;
  }
  const int have = written.bar_ticks() / written.beat_ticks();
  const std::size_t per_beat = text.size() / static_cast<std::size_t>(have);
  if ((played.unit == 8 && !played.compound()) || per_beat == 0) {
    // Five or seven eighths: the bar, cut or begun again, in sixteenths.
    std::string out;
    for (int i = 0; i < played.bar_ticks() / (ticks_per_quarter / 4); ++i) {
      out += text[static_cast<std::size_t>(i) % text.size()];
    }
    return out;
  }
  std::string out;
  for (int beat : beat_map(have, played.bar_ticks() / played.beat_ticks())) {
    const std::string cell = text.substr(static_cast<std::size_t>(beat) * per_beat, per_beat);
    if (played.compound() == written.compound()) {
      out += cell;
    } else {
      out += played.compound() ? to_three(cell) : to_four(cell);
    }
  }
  return out;
}

std::vector<step> read_bar(std::string_view pattern, int bar, const metre& written,
                           const metre& played) {
  const std::string text = fit_bar(pattern, bar, written, played);
  std::vector<step> steps;
  const int size = static_cast<int>(text.size());
  bool sounding = false;
  for (int i = 0; i < size; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    const std::int32_t from = played.bar_ticks() * i / size;
    const std::int32_t to = played.bar_ticks() * (i + 1) / size;
    if (onset(c)) {
      steps.push_back({from, to - from, c});
      sounding = true;
    } else if (c == '-' && sounding) {
      steps.back().duration = to - steps.back().tick;
    } else {
      sounding = false;
    }
  }
  return steps;
}

int loudness_of(char symbol) {
  switch (symbol) {
    case 'X':
    case 'R':
      return 110;
    case 'o':
      return 72;
    case 'r':
      return 70;
    case 'g':
      return 42;
    case 'a':
    case 'x':
      return 94;
    default:
      return 96;
  }
}

}  // namespace son1k::music
