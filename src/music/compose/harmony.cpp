#include "music/compose/harmony.hpp"

#include <algorithm>
#include <cstdlib>

namespace son1k::music {
namespace {

using bars_of_chords = std::vector<std::vector<chord>>;

// Church modes keep their colour note in the loop and the tonic at both ends.
progressions modal_progressions(mode m) {
  switch (m) {
    case mode::dorian:
      return {{"i | IV | i | V", "i7 | IV7 | i7 | IV7"}, {"i | IV | i | V"}, {"IV | i | IV | V"}};
    case mode::phrygian:
      return {{"i | bII | i | V7", "i | i | bII | i"}, {"i | bII | i | V7"}, {"iv | bII | i | V7"}};
    case mode::lydian:
      return {
          {"I | II | I | V", "Imaj7 | II | Imaj7 | V"}, {"I | II | V | I"}, {"vi | II | I | V"}};
    case mode::mixolydian:
      return {{"I | bVII | IV | I", "I | I | bVII | I"},
              {"I | bVII | IV | I", "I | IV | bVII | I"},
              {"IV | bVII | I | V"}};
    default:
      return {};
  }
}

const progressions& progressions_for(const style& s, const key& k, const progressions& modal) {
  if (k.scale != mode::major && k.scale != mode::minor) {
    return modal;
  }
  return k.scale == mode::minor ? s.minor : s.major;
}

struct themes {
  bars_of_chords verse, hook, bridge;
};

themes choose_themes(const progressions& from, const key& k, rng& random) {
  return {parse_progression(random.pick(from.verse), k),
          parse_progression(random.pick(from.chorus), k),
          parse_progression(random.pick(from.bridge), k)};
}

const bars_of_chords& theme_bars(const themes& t, const section& s) {
  switch (s.what) {
    case theme::hook:
      return t.hook;
    case theme::solo:
      return s.pass % 2 == 0 ? t.verse : t.hook;
    case theme::bridge:
      return t.bridge;
    default:
      return t.verse;
  }
}

chord tonic_chord(const key& k, const bars_of_chords& model) {
  // The style's own tonic colour (I, Imaj7, i7) if its loop starts there.
  if (!model.empty() && model.front().front().root == k.tonic) {
    return model.front().front();
  }
  return roman(is_minor(k.scale) ? "i" : "I", k);
}

// Bars of one section: the theme's loop, its end bent to a cadence.
bars_of_chords section_bars(const section& s, const bars_of_chords& loop, const key& k, bool last) {
  bars_of_chords bars;
  for (int i = 0; i < s.bars; ++i) {
    bars.push_back(loop[static_cast<std::size_t>(i) % loop.size()]);
  }
  const std::size_t n = bars.size();
  const chord tonic = tonic_chord(k, loop);
  const chord dominant = roman("V7", k);
  const bool whole = n % loop.size() == 0 && loop.size() >= 8;
  if (last) {
    bars[n - 1] = {roman(is_minor(k.scale) ? "i" : "I", k)};
    if (n >= 2) {
      bars[n - 2] = n == 2 ? std::vector<chord>{tonic, dominant} : std::vector<chord>{dominant};
    }
  } else if (s.what == theme::hook && !whole && n >= 4) {
    bars[n - 2] = {dominant};
    bars[n - 1] = {tonic};
  } else if (s.what != theme::hook && !whole && n >= 2 && !bars[n - 1].back().dominant) {
    // Half a bar is enough to turn; a whole one, heard again and again, would pull the key upwards.
    bars[n - 1] = {bars[n - 1].front(), roman("V", k)};
  }
  return bars;
}

void lay_out(const bars_of_chords& bars, std::int32_t tick, int bar_ticks, int beat_ticks,
             std::vector<chord_span>& out) {
  for (const auto& bar : bars) {
    const int beats = bar_ticks / beat_ticks;
    const int count = static_cast<int>(bar.size());
    for (int i = 0; i < count; ++i) {
      const int from = beats >= count ? beats * i / count * beat_ticks : bar_ticks * i / count;
      const int to = i + 1 == count   ? bar_ticks
                     : beats >= count ? beats * (i + 1) / count * beat_ticks
                                      : bar_ticks * (i + 1) / count;
      out.push_back({tick + from, to - from, bar[static_cast<std::size_t>(i)]});
    }
    tick += bar_ticks;
  }
}

// A piece of a single bar: tonic, dominant, tonic.
std::vector<chord_span> one_bar(const form& f, const key& k) {
  const chord tonic = roman(is_minor(k.scale) ? "i" : "I", k);
  const int beat = f.time.beat_ticks();
  const std::int32_t last = f.final_onset;
  if (last < 2 * beat) {
    return {{0, f.length(), tonic}};
  }
  const std::int32_t dominant = last - beat;
  return {{0, dominant, tonic}, {dominant, beat, roman("V7", k)}, {last, f.length() - last, tonic}};
}

int cost(const std::vector<int>& voicing, const std::vector<int>& previous, int middle) {
  int sum = 0;
  for (int p : voicing) {
    sum += p;
  }
  const int size = static_cast<int>(voicing.size());
  int total = std::abs(sum / size - middle);
  if (previous.empty()) {
    return total * 4;
  }
  for (int p : voicing) {
    int best = 99;
    for (int q : previous) {
      best = std::min(best, std::abs(p - q));
    }
    total += best * 3;
  }
  total += std::abs(voicing.back() - previous.back()) * 2;
  // Seconds and thirds low down sound like mud.
  if (voicing.size() > 1 && voicing[0] < 52 && voicing[1] - voicing[0] < 4) {
    total += 12;
  }
  return total;
}

}  // namespace

std::vector<chord_span> plan_harmony(const form& f, const style& s, const key& k, rng random) {
  if (f.bars == 1) {
    return one_bar(f, k);
  }
  const progressions modal = modal_progressions(k.scale);
  const themes t = choose_themes(progressions_for(s, k, modal), k, random);
  std::vector<chord_span> chords;
  for (std::size_t i = 0; i < f.sections.size(); ++i) {
    const section& part = f.sections[i];
    const bars_of_chords bars =
        section_bars(part, theme_bars(t, part), k, i + 1 == f.sections.size());
    lay_out(bars, part.first_bar * f.time.bar_ticks(), f.time.bar_ticks(), f.time.beat_ticks(),
            chords);
  }
  return chords;
}

const chord_span& chord_at(const std::vector<chord_span>& chords, std::int32_t tick) {
  auto after = std::upper_bound(chords.begin(), chords.end(), tick,
                                [](std::int32_t t, const chord_span& c) { return t < c.tick; });
  return after == chords.begin() ? chords.front() : *(after - 1);
}

std::vector<int> voice_chord(const chord& c, int low, int high, int voices,
                             const std::vector<int>& previous) {
  std::vector<int> classes;
  for (int t : c.tones) {
    classes.push_back(pitch_class(c.root + t));
  }
  // Five tones for four fingers: the fifth goes first.
  while (static_cast<int>(classes.size()) > voices && classes.size() > 2) {
    classes.erase(classes.begin() + 2);
  }
  const std::size_t n = classes.size();
  std::vector<int> best;
  int best_cost = 1 << 30;
  for (int bottom = low; bottom < std::min(low + 14, high); ++bottom) {
    for (std::size_t turn = 0; turn < n; ++turn) {
      if (pitch_class(bottom) != classes[turn]) {
        continue;
      }
      std::vector<int> voicing{bottom};
      for (std::size_t i = 1; i < n; ++i) {
        int p = voicing.back() + 1;
        while (pitch_class(p) != classes[(turn + i) % n]) {
          ++p;
        }
        voicing.push_back(p);
      }
      if (voicing.back() > high) {
        continue;
      }
      const int price = cost(voicing, previous, (low + high) / 2);
      if (price < best_cost) {
        best_cost = price;
        best = voicing;
      }
    }
  }
  return best.empty() ? std::vector<int>{nearest(tones_of(c), (low + high) / 2)} : best;
}

}  // namespace son1k::music
