#include "music/compose/performance.hpp"

#include <algorithm>
#include <array>

namespace son1k::music {

std::int32_t swung(std::int32_t tick, const style& s, const metre& m) {
  if (s.swing == 50 || m.compound()) {
    return tick;
  }
  const std::int32_t pair = s.swing_unit == 8 ? ticks_per_quarter : ticks_per_quarter / 2;
  const std::int32_t half = pair / 2;
  const std::int32_t first = pair * s.swing / 100;
  const std::int32_t in_pair = tick % pair;
  const std::int32_t bent =
      in_pair < half ? in_pair * first / half : first + (in_pair - half) * (pair - first) / half;
  return tick - in_pair + bent;
}

std::vector<note> perform(std::vector<note> notes, const session_plan& plan, int late, rng random) {
  const std::int32_t end = plan.shape.end;
  std::stable_sort(notes.begin(), notes.end(),
                   [](const note& a, const note& b) { return a.tick < b.tick; });
  std::int32_t chord_tick = -1;
  int shift = 0;
  for (note& n : notes) {
    // Notes struck together stay together: one hand, one movement.
    if (n.tick != chord_tick) {
      chord_tick = n.tick;
      shift = random.around(plan.kind.looseness) + late;
    }
    const std::int32_t from = swung(n.tick, plan.kind, plan.shape.time);
    const std::int32_t to = swung(n.tick + n.duration, plan.kind, plan.shape.time);
    n.tick = std::max(0, from + (n.tick == 0 ? std::max(shift, 0) : shift));
    n.duration = std::max(30, to - from);
  }
  std::stable_sort(notes.begin(), notes.end(),
                   [](const note& a, const note& b) { return a.tick < b.tick; });
  std::array<std::size_t, 128> last_of_key{};
  std::vector<note> clean;
  for (note n : notes) {
    if (n.tick >= end - 30) continue;
    n.duration = std::min(n.duration, end - n.tick);
    const std::size_t before = last_of_key[n.pitch];
    if (before > 0) {
      note& earlier = clean[before - 1];
      if (n.tick - earlier.tick < 20) {
        earlier.duration = std::max(earlier.duration, n.duration);
        continue;
      }
      earlier.duration = std::min(earlier.duration, n.tick - earlier.tick);
    }
    clean.push_back(n);
    last_of_key[n.pitch] = clean.size();
  }
  return clean;
}

std::vector<controller> pedal_line(const session_plan& plan) {
  std::vector<controller> line;
  for (const chord_span& c : plan.chords) {
    const std::int32_t up = std::min(c.tick + c.duration, plan.shape.end) - 40;
    if (c.tick + 40 >= up) continue;
    line.push_back({c.tick + 40, 64, 127});
    line.push_back({up, 64, 0});
  }
  return line;
}

std::vector<controller> swell_line(const session_plan& plan) {
  std::vector<controller> line;
  constexpr std::array<int, 9> shape{92, 100, 108, 116, 120, 118, 112, 104, 96};
  for (const chord_span& c : plan.chords) {
    if (c.duration < ticks_per_quarter * 2) continue;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      line.push_back({c.tick + c.duration * static_cast<std::int32_t>(i) / 9, 11,
                      static_cast<std::uint8_t>(shape[i])});
    }
  }
  return line;
}

}  // namespace son1k::music
