#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "music/brief/readers.hpp"

namespace son1k::music {
namespace {

using kind = token::kind;

bool is_one_of(const token& t, std::string_view words) {
  if (t.used || t.what != kind::word) return false;
  while (!words.empty()) {
    const auto space = words.find(' ');
    if (t.folded == words.substr(0, space)) return true;
    words = space == std::string_view::npos ? std::string_view{} : words.substr(space + 1);
  }
  return false;
}

bool word_at(const std::vector<token>& t, std::size_t i, std::string_view words) {
  return i < t.size() && is_one_of(t[i], words);
}

std::optional<double> number_word(const token& t) {
  constexpr std::array<std::pair<std::string_view, int>, 64> words{{
      {"one", 1},          {"two", 2},      {"three", 3},     {"four", 4},       {"five", 5},
      {"six", 6},          {"seven", 7},    {"eight", 8},     {"nine", 9},       {"ten", 10},
      {"twelve", 12},      {"fifteen", 15}, {"twenty", 20},   {"thirty", 30},    {"forty", 40},
      {"fifty", 50},       {"sixty", 60},   {"seventy", 70},  {"eighty", 80},    {"ninety", 90},
      {"hundred", 100},    {"un", 1},       {"una", 1},       {"uno", 1},        {"dos", 2},
      {"tres", 3},         {"cuatro", 4},   {"cinco", 5},     {"seis", 6},       {"siete", 7},
      {"ocho", 8},         {"nueve", 9},    {"diez", 10},     {"doce", 12},      {"quince", 15},
      {"veinte", 20},      {"treinta", 30}, {"cuarenta", 40}, {"cincuenta", 50}, {"sesenta", 60},
      {"setenta", 70},     {"ochenta", 80}, {"noventa", 90},  {"cien", 100},     {"ciento", 100},
      {"veinticinco", 25}, {"a", 1},        {"an", 1},        {"couple", 2},     {"medio", 0},
  }};
  if (t.used || t.what != kind::word) return std::nullopt;
  for (const auto& [word, value] : words) {
    if (!word.empty() && value > 0 && t.folded == word) return value;
  }
  return std::nullopt;
}

// A number in digits or words at `i`, moved past it: "90", "forty five", "cuarenta y cinco".
std::optional<double> take_number(const std::vector<token>& t, std::size_t& i) {
  if (i >= t.size() || t[i].used) return std::nullopt;
  if (t[i].what == kind::number) return t[i++].value;
  std::optional<double> sum = number_word(t[i]);
  if (!sum) return std::nullopt;
  ++i;
  const std::size_t skip = word_at(t, i, "y") ? 1 : 0;
  if (*sum >= 20 && i + skip < t.size()) {
    const auto unit = number_word(t[i + skip]);
    if (unit && t[i + skip].folded != "a" && (*unit < 10 || *sum == 100)) {
      *sum += *unit;
      i += skip + 1;
    }
  }
  return sum;
}

constexpr std::string_view second_words = "s sec secs second seconds seg segs segundo segundos sg";
constexpr std::string_view minute_words = "m min mins minute minutes minuto minutos";

bool decade(const token& number, const token& unit) {
  const bool tens =
      number.value >= 50 && number.value <= 90 && static_cast<int>(number.value) % 10 == 0;
  return unit.original == "s" && number.what == kind::number && tens;
}

// "and a half", "y medio", "and 20 seconds", "30 s" after minutes.
double take_rest(std::vector<token>& t, std::size_t& i) {
  std::size_t at = i;
  if (word_at(t, at, "and y con with")) ++at;
  if (word_at(t, at, "medio media half")) {
    i = at + 1;
    return 30.0;
  }
  if (word_at(t, at, "a") && word_at(t, at + 1, "half")) {
    i = at + 2;
    return 30.0;
  }
  const auto seconds = take_number(t, at);
  if (seconds && word_at(t, at, second_words)) {
    i = at + 1;
    return *seconds;
  }
  return 0.0;
}

// A duration that starts exactly at `i`.
std::optional<double> duration_at(std::vector<token>& t, std::size_t i, std::size_t& end) {
  if (t[i].what == kind::clock && !t[i].used && t[i].second < 60) {
    end = i + 1;
    if (word_at(t, end, minute_words)) ++end;
    return t[i].value * 60 + t[i].second;
  }
  if (word_at(t, i, "half medio media")) {
    end = i + 1;
    if (word_at(t, end, "a of")) ++end;
    if (word_at(t, end, minute_words)) return ++end, 30.0;
    return std::nullopt;
  }
  if (word_at(t, i, minute_words) && t[i].folded.size() > 1) {
    // "minuto y medio": one minute is meant, but only with a rest after it.
    std::size_t after = i + 1;
    const double rest = take_rest(t, after);
    end = after;
    return rest > 0.0 ? std::optional<double>(60.0 + rest) : std::nullopt;
  }
  std::size_t at = i;
  const auto number = take_number(t, at);
  if (!number) return std::nullopt;
  double half = 0.0;
  if (word_at(t, at, "and") && word_at(t, at + 1, "a") && word_at(t, at + 2, "half")) {
    half = 0.5;
    at += 3;
  }
  if (word_at(t, at, second_words)) {
    const bool joined = decade(t[i], t[at]) &&
                        !(i > 0 && is_one_of(t[i - 1], "for lasting of duration dure duracion"));
    if (joined || t[i].folded == "a") return std::nullopt;
    end = at + 1;
    return *number;
  }
  if (word_at(t, at, minute_words)) {
    end = at + 1;
    return (*number + half) * 60 + take_rest(t, end);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> read_duration(std::vector<token>& t) {
  std::optional<double> found;
  for (std::size_t i = 0; i < t.size() && !found; ++i) {
    std::size_t end = i;
    found = duration_at(t, i, end);
    if (found) use(t, i, end);
  }
  return found;
}

std::optional<double> read_tempo(std::vector<token>& t) {
  constexpr std::string_view units =
      "bpm ppm pulsaciones pulsos beats negras golpes tiempos pulsacion beat";
  for (std::size_t i = 0; i < t.size(); ++i) {
    std::size_t at = i;
    const auto number = take_number(t, at);
    if (!number || !word_at(t, at, units) || *number < 2) continue;
    // "4 beats" is no tempo; "100 beats" and "60 beats per minute" are.
    const bool per = word_at(t, at + 1, "per por a al") && word_at(t, at + 2, "minute minuto min");
    if (!per && t[at].folded != "bpm" && t[at].folded != "ppm" && *number < 30) continue;
    use(t, i, at + (per ? 3 : 1));
    return number;
  }
  for (std::size_t i = 0; i + 1 < t.size(); ++i) {
    const bool named = is_one_of(t[i], "bpm tempo velocidad ppm");
    if (!named && !is_one_of(t[i], "at @")) continue;
    std::size_t at = i + 1;
    while (at < t.size() && (is_one_of(t[at], "of de a around about unos en is") ||
                             (named && t[at].what == kind::stop))) {
      ++at;
    }
    if (at >= t.size() || t[at].what != kind::number || t[at].used) continue;
    if (!named && (t[at].value < 40 || t[at].value > 240)) continue;
    use(t, i, at + 1);
    return t[at].value;
  }
  return std::nullopt;
}

std::optional<metre_reading> read_metre(std::vector<token>& t) {
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (t[i].what == kind::ratio && !t[i].used) {
      t[i].used = true;
      return metre_reading{static_cast<int>(std::min(t[i].value, 1000.0)),
                           static_cast<int>(std::min(t[i].second, 1000.0))};
    }
    if (i + 2 < t.size() && word_at(t, i + 1, "por") && !t[i].used) {
      std::size_t at = i + 2;
      const auto beats = number_word(t[i]);
      const auto unit = take_number(t, at);
      if (beats && unit && (*unit == 4 || *unit == 8 || *unit == 2)) {
        use(t, i, at);
        return metre_reading{static_cast<int>(*beats), static_cast<int>(*unit)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace son1k::music
