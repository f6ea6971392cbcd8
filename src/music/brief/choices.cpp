#include "music/brief/choices.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "music/compose/random.hpp"
#include "music/styles/style.hpp"

namespace son1k::music {
namespace {

// Without a style word: by the asked instruments, else by the mood.
std::string guess_style(const brief& b, rng& random) {
  for (const instrument_wish& w : b.instruments) {
    if (w.percussion) continue;
    switch (w.program) {
      case gm::accordion:
        return "folk";
      case gm::bandoneon:
        return "tango";
      case gm::banjo:
        return "bluegrass";
      case gm::bagpipe:
      case gm::whistle:
        return "celtic";
      case gm::distorted_guitar:
        return "rock";
      case gm::saw_lead:
        return "house";
      case gm::harpsichord:
        return "baroque";
      case gm::violin:
      case gm::cello:
      case gm::oboe:
        return "classical";
      case gm::tenor_sax:
      case gm::alto_sax:
        return "jazz";
      default:
        break;
    }
  }
  const double v = b.mood.valence;
  const double e = b.mood.energy;
  if (b.mood.words.empty()) return "pop";
  if (e > 0.75) return v < -0.2 ? "rock" : random.chance(50) ? "pop" : "house";
  if (e < 0.3) return v < -0.3 ? "ballad" : random.chance(50) ? "ambient" : "lofi";
  if (v < -0.3) return e > 0.45 ? "cinematic" : "ballad";
  return random.chance(60) ? "pop" : "folk";
}

void choose_mode(brief& b, const style& s, rng& random) {
  if (b.mode_from != origin::chosen) return;
  if (b.tonic_from != origin::chosen) {
    // "in E" means E major, unless the mood speaks against it.
    b.key_mode = b.mood.valence < -0.2 ? mode::minor : mode::major;
    return;
  }
  if (b.mood.words.empty()) {
    b.key_mode = s.minor_default ? mode::minor : random.chance(75) ? mode::major : mode::minor;
    return;
  }
  const double lean = b.mood.valence + (s.minor_default ? -0.15 : 0.1);
  b.key_mode = lean >= 0.0 ? mode::major : mode::minor;
}

void choose_tonic(brief& b, rng& random) {
  if (b.tonic_from == origin::chosen) {
    static const std::vector<int> major_keys = {0, 2, 4, 5, 7, 9, 10, 3};
    static const std::vector<int> minor_keys = {9, 4, 2, 7, 0, 11, 5};
    b.key_tonic = random.pick(is_minor(b.key_mode) ? minor_keys : major_keys);
  } else if (b.flat_spelling) {
    return;
  }
  // Flats where the signature has flats.
  constexpr std::array<int, 6> shift{0, 3, 10, 8, 7, 5};
  const int major = (b.key_tonic + shift[static_cast<std::size_t>(b.key_mode)]) % 12;
  const bool sharp_asked =
      b.tonic_from != origin::chosen && (b.key_tonic == 1 || b.key_tonic == 3 || b.key_tonic == 6 ||
                                         b.key_tonic == 8 || b.key_tonic == 10);
  b.flat_spelling =
      !sharp_asked && (major == 5 || major == 10 || major == 3 || major == 8 || major == 1);
}

// How well a tempo fills the duration with whole bars: seconds that are left over.
double leftover(const brief& b, double bpm) {
  brief trial = b;
  trial.bpm = bpm;
  const double bar = 240.0 * b.beats_per_bar / b.beat_unit / quarter_bpm(trial);
  const double ring = std::clamp(b.duration_seconds * 0.06, 1.1, 2.4);
  const double bars = std::floor((b.duration_seconds - ring) / bar);
  const double phrases = std::fabs(bars - 1 - 4 * std::round((bars - 1) / 4));
  return b.duration_seconds - ring - bars * bar + phrases * 0.4;
}

void choose_tempo(brief& b, const style& s, const tempo_wish& wish, rng& random) {
  if (b.bpm_from != origin::chosen) return;
  int aim = s.bpm[1];
  if (wish.bpm > 0) {
    aim = wish.bpm;
  } else if (wish.given && wish.pace != 0) {
    aim = wish.pace < 0 ? s.bpm[0] : s.bpm[2];
    if (wish.pace < 0 && aim > 110) aim = std::max(70, aim * 2 / 3);
    if (wish.pace > 0 && aim < 96) aim = std::min(120, aim * 5 / 4);
  } else if (wish.ballad && s.id != "ballad" && s.id != "jazz ballad") {
    aim = std::min(s.bpm[0], 76);
  } else if (!b.mood.words.empty()) {
    aim += static_cast<int>((b.mood.energy - 0.5) * (s.bpm[2] - s.bpm[0]) * 0.9);
  }
  aim = std::clamp(aim + (wish.bpm > 0 ? 0 : random.between(-2, 2)), 30, 240);
  if (wish.given) b.bpm_from = origin::prompt;
  double best = 1e9;
  for (int d = -4; d <= 4; ++d) {
    const double rest = leftover(b, aim + d) + std::abs(d) * 0.05;
    if (rest < best - 1e-9) {
      best = rest;
      b.bpm = aim + d;
    }
  }
}

}  // namespace

void choose_the_rest(brief& b, const tempo_wish& tempo) {
  rng random = rng(b.seed).fork("brief");
  if (b.style.empty() || find_style(b.style) == nullptr) {
    b.style = guess_style(b, random);
    b.style_from = origin::chosen;
  }
  const style& s = *find_style(b.style);
  b.kind = s.kind;
  if (b.metre_from == origin::chosen) {
    b.beats_per_bar = s.beats_per_bar;
    b.beat_unit = s.beat_unit;
  }
  choose_mode(b, s, random);
  choose_tonic(b, random);
  choose_tempo(b, s, tempo, random);
  if (b.title.empty()) b.title = invent_title(b);
}

}  // namespace son1k::music
