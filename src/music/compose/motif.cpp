#include <algorithm>
#include <array>
#include <cstdlib>

#include "music/compose/melody.hpp"
#include "music/compose/pattern.hpp"

namespace son1k::music {
namespace {

int next_interval(int previous, rng& random) {
  if (std::abs(previous) >= 3 && random.chance(80)) {
    return previous > 0 ? -1 : 1;
  }
  constexpr std::array<int, 20> weighted{1, 1, 1,  1,  -1, -1, -1, -1, -1, 2,
                                         2, 2, -2, -2, -2, 0,  0,  3,  -3, 4};
  return weighted[static_cast<std::size_t>(random.below(static_cast<int>(weighted.size())))];
}

// Lower is better.
int faults(const motif& m) {
  int low = 0;
  int high = 0;
  int summits = 0;
  int turns = 0;
  int repeats = 0;
  std::size_t summit_at = 0;
  const auto& notes = m.notes;
  for (std::size_t i = 0; i < notes.size(); ++i) {
    low = std::min(low, notes[i].offset);
    if (notes[i].offset > high) {
      high = notes[i].offset;
      summit_at = i;
    }
  }
  for (std::size_t i = 0; i < notes.size(); ++i) {
    summits += notes[i].offset == high ? 1 : 0;
    if (i >= 1 && notes[i].offset == notes[i - 1].offset) ++repeats;
    if (i >= 2 &&
        (notes[i].offset - notes[i - 1].offset) * (notes[i - 1].offset - notes[i - 2].offset) < 0) {
      ++turns;
    }
  }
  const int count = static_cast<int>(notes.size());
  const int span = high - low;
  int bad = 4 * std::max(0, 4 - span) + 4 * std::max(0, span - 7);
  bad += 3 * std::max(0, summits - 1) + 3 * std::max(0, repeats - count / 4);
  bad += 2 * std::max(0, turns - count / 2) + 2 * std::max(0, 2 - turns);
  bad += 2 * std::max(0, std::abs(notes.back().offset) - 2);
  const int place = static_cast<int>(summit_at) * 100 / std::max(1, count - 1);
  bad += place < 30 || place > 85 ? 4 : 0;
  return bad;
}

}  // namespace

motif invent_motif(const std::vector<std::string_view>& cells, const metre& written,
                   const metre& played, int bars, rng& random) {
  motif rhythm;
  rhythm.bars = bars;
  for (int bar = 0; bar < bars; ++bar) {
    for (const step& st : read_bar(random.pick(cells), 0, written, played)) {
      rhythm.notes.push_back({bar * played.bar_ticks() + st.tick, st.duration, 0});
    }
  }
  // The end breathes: nothing starts in the last eighth, nothing sounds over it.
  const std::int32_t limit = bars * played.bar_ticks() - ticks_per_quarter / 2;
  while (rhythm.notes.size() > 3 && rhythm.notes.back().tick >= limit) {
    rhythm.notes.pop_back();
  }
  for (motif_note& n : rhythm.notes) {
    n.duration = std::max(ticks_per_quarter / 8, std::min(n.duration, limit - n.tick));
  }
  motif best;
  int fewest = 1 << 30;
  for (int attempt = 0; attempt < 40; ++attempt) {
    motif candidate = rhythm;
    int interval = 0;
    for (std::size_t i = 1; i < candidate.notes.size(); ++i) {
      interval = next_interval(interval, random);
      candidate.notes[i].offset = candidate.notes[i - 1].offset + interval;
    }
    if (const int bad = faults(candidate); bad < fewest) {
      fewest = bad;
      best = std::move(candidate);
    }
  }
  return best;
}

}  // namespace son1k::music
