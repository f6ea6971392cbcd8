#include "music/compose/players.hpp"

#include <algorithm>
#include <cstdlib>

#include "music/compose/pattern.hpp"

namespace son1k::music {
namespace {

std::string_view pattern_at(const std::array<std::string_view, 3>& levels, int level) {
  for (int i = level; i >= 0; --i) {
    if (!levels[static_cast<std::size_t>(i)].empty()) {
      return levels[static_cast<std::size_t>(i)];
    }
  }
  return {};
}

note make_note(std::int32_t tick, std::int32_t duration, int pitch, int velocity) {
  return {tick, std::max<std::int32_t>(duration, 30),
          static_cast<std::uint8_t>(std::clamp(pitch, 0, 127)),
          static_cast<std::uint8_t>(std::clamp(velocity, 1, 127))};
}

// The last two bars before a louder section grow.
int crescendo(const session_plan& plan, std::size_t index, std::int32_t tick) {
  if (index + 1 >= plan.shape.sections.size()) return 100;
  const section& here = plan.shape.sections[index];
  const section& next = plan.shape.sections[index + 1];
  const std::int32_t bar = plan.shape.time.bar_ticks();
  const std::int32_t left = (here.first_bar + here.bars) * bar - tick;
  if (next.energy < here.energy + 0.12 || left > 2 * bar) return 100;
  return 100 + 12 * (2 * bar - left) / (2 * bar);
}

bool in_final_hold(const session_plan& plan, std::int32_t tick) {
  return tick >= plan.shape.final_onset;
}

bool plays_at_end(const session_plan& plan, double from_energy, bool asked) {
  return plays_in(plan.shape.sections.back(), from_energy, asked) || from_energy <= 0.5;
}

// A chord tone by its degree symbol; chords without a seventh give the octave instead.
int bass_tone(const chord& c, char symbol, int root) {
  const auto tone = [&](std::size_t i) { return i < c.tones.size() ? c.tones[i] : 12; };
  switch (symbol) {
    case '3':
      return root + tone(1);
    case '5':
      return root + tone(2);
    case '7':
      return root + (c.tones.size() > 3 && c.tones[3] < 12 ? c.tones[3] : 12);
    case '8':
      return root + 12;
    case 'L':
      return root - 12 + tone(2);
    default:
      return root;
  }
}

int place_root(int root, const part& p, int previous) {
  int best = p.low;
  int best_cost = 1 << 30;
  for (int pitch = p.low; pitch <= p.high; ++pitch) {
    if (pitch_class(pitch) != root) continue;
    const int cost = std::abs(pitch - previous) + std::max(0, pitch - (p.low + 14)) * 2;
    if (cost < best_cost) {
      best_cost = cost;
      best = pitch;
    }
  }
  return best;
}

int fold(int pitch, int low, int high) {
  while (pitch > high) pitch -= 12;
  while (pitch < low) pitch += 12;
  return pitch;
}

void strum(std::vector<note>& out, const std::vector<int>& voicing, std::int32_t tick,
           std::int32_t duration, int velocity, int roll, bool up) {
  const int n = static_cast<int>(voicing.size());
  for (int i = 0; i < n; ++i) {
    const int order = up ? n - 1 - i : i;
    const std::int32_t late = std::min<std::int32_t>(roll * order, duration / 3);
    out.push_back(make_note(tick + late, duration - late, voicing[static_cast<std::size_t>(i)],
                            velocity - (i == 0 || i == n - 1 ? 0 : 4)));
  }
}

bool is_distorted(int program) {
  return program == gm::overdriven_guitar || program == gm::distorted_guitar;
}

// Distorted guitars play root, fifth and octave from the lowest root in reach: thirds would growl,
// and with the fifth at the bottom the ear takes it for the root.
std::vector<int> power_chord(const chord& c, int low) {
  const int root = low + ((c.root - low) % 12 + 12) % 12;
  const int fifth = c.tones.size() > 2 ? c.tones[2] : 7;
  return {root, root + fifth, root + 12};
}

std::vector<int> voicing_of(const chord& c, const player& p, const std::vector<int>& previous) {
  if (is_distorted(p.program)) return power_chord(c, p.plays.low);
  return voice_chord(c, p.plays.low, p.plays.high, 4, previous);
}

const std::vector<drum_line>& drum_level(const drum_part& p, int level) {
  for (int i = level; i > 0; --i) {
    if (!p.levels[static_cast<std::size_t>(i)].empty()) {
      return p.levels[static_cast<std::size_t>(i)];
    }
  }
  return p.levels[0];
}

// A fill for kits without their own: snare into toms on the second half of the bar.
const drum_pattern& common_fill() {
  static const drum_pattern fill = {{hit::kick, "X.......x...x..."},
                                    {hit::hat, "x.o.x.o........."},
                                    {hit::snare, "....X...xxX....."},
                                    {hit::high_tom, "...........xX..."},
                                    {hit::floor_tom, ".............xXX"}};
  return fill;
}

void drum_bar(const session_plan& plan, const drum_pattern& lines, int bar, int percent,
              rng& random, std::vector<note>& out) {
  const metre written{plan.kind.beats_per_bar, plan.kind.beat_unit};
  const std::int32_t start = bar * plan.shape.time.bar_ticks();
  for (const drum_line& line : lines) {
    for (const step& st : read_bar(line.steps, bar, written, plan.shape.time)) {
      if (in_final_hold(plan, start + st.tick)) continue;
      const int velocity = 92 * loudness_of(st.symbol) / 100 * percent / 100 + random.around(4);
      out.push_back(make_note(start + st.tick, 110, line.key, velocity));
    }
  }
}

}  // namespace

int dynamics(double energy) {
  return 78 + static_cast<int>(energy * 30.0);
}

int level_of(double energy) {
  return energy < 0.42 ? 0 : energy < 0.7 ? 1 : 2;
}

bool plays_in(const section& s, double from_energy, bool asked) {
  return asked || s.energy >= from_energy;
}

std::vector<note> play_drums(const session_plan& plan, const drum_part& p, rng random) {
  std::vector<note> notes;
  const auto& sections = plan.shape.sections;
  const std::int32_t bar_ticks = plan.shape.time.bar_ticks();
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const section& s = sections[i];
    if (!plays_in(s, p.from_energy, false)) {
      continue;
    }
    for (int bar = s.first_bar; bar < s.first_bar + s.bars; ++bar) {
      const bool turn = bar + 1 == s.first_bar + s.bars && i + 1 < sections.size() && s.bars > 1;
      const int level = level_of(s.energy);
      // The eighth bar of a long section breathes: the calmer pattern.
      const bool breath = !turn && s.bars >= 8 && (bar - s.first_bar) % 8 == 7 && level > 0;
      const bool fills = turn && s.energy > 0.3;
      const drum_pattern& lines = fills && !p.fill.empty() ? p.fill
                                  : fills && !p.hand       ? common_fill()
                                                     : drum_level(p, breath ? level - 1 : level);
      const int percent =
          dynamics(s.energy) * crescendo(plan, i, bar * bar_ticks) / 100 + (fills ? 3 : 0);
      drum_bar(plan, lines, bar, percent, random, notes);
    }
    const bool brushes = p.kit == kit::brush || p.kit == kit::jazz;
    if (!p.hand && s.energy > 0.55 && i > 0 && !brushes && s.what != theme::outro) {
      notes.push_back(
          make_note(s.first_bar * bar_ticks, 900, hit::crash, 84 * dynamics(s.energy) / 100));
    }
  }
  if (plays_at_end(plan, p.from_energy, false) && !p.levels[0].empty()) {
    const int first_key = p.levels[0].front().key;
    notes.push_back(make_note(plan.shape.final_onset, 600, first_key, 88));
    if (!p.hand && sections.back().energy > 0.4 && p.kit != kit::brush) {
      notes.push_back(make_note(plan.shape.final_onset, 1800, hit::crash, 76));
    }
  }
  return notes;
}

std::vector<note> play_bass(const session_plan& plan, const player& p, rng random) {
  std::vector<note> notes;
  const metre written{plan.kind.beats_per_bar, plan.kind.beat_unit};
  const std::int32_t bar_ticks = plan.shape.time.bar_ticks();
  int previous = p.plays.low + 7;
  for (std::size_t i = 0; i < plan.shape.sections.size(); ++i) {
    const section& s = plan.shape.sections[i];
    if (!plays_in(s, p.plays.from_energy, p.asked)) continue;
    const std::string_view pattern = pattern_at(p.plays.levels, level_of(s.energy));
    if (pattern.empty()) continue;
    for (int bar = s.first_bar; bar < s.first_bar + s.bars; ++bar) {
      for (const step& st : read_bar(pattern, bar - s.first_bar, written, plan.shape.time)) {
        const std::int32_t tick = bar * bar_ticks + st.tick;
        if (in_final_hold(plan, tick)) continue;
        const chord_span& here = chord_at(plan.chords, tick);
        const chord_span& next = chord_at(plan.chords, tick + st.duration);
        const int root = place_root(here.what.root, p.plays, previous);
        const bool first_of_chord = tick - here.tick < plan.shape.time.beat_ticks() / 2;
        int pitch =
            bass_tone(here.what, first_of_chord && st.symbol != 'r' ? 'R' : st.symbol, root);
        if (st.symbol == 'a' && !first_of_chord) {
          const int target = place_root(next.what.root, p.plays, root);
          pitch = here.what.root == next.what.root ? bass_tone(here.what, '5', root)
                  : target > root                  ? target - 1
                                                   : target + (random.chance(50) ? 1 : 2);
          pitch = pitch == target + 2 ? nearest(scale_set(plan.tonality), pitch) : pitch;
        }
        pitch = fold(pitch, p.plays.low, p.plays.high);
        const int percent = dynamics(s.energy) * crescendo(plan, i, tick) / 100;
        const int velocity = p.plays.velocity * loudness_of(st.symbol) / 100 * percent / 100;
        const std::int32_t room = std::min(st.duration, plan.shape.final_onset - tick);
        notes.push_back(make_note(tick, room - room / 16, pitch, velocity + random.around(3)));
        if (first_of_chord) previous = pitch;
      }
    }
  }
  if (plays_at_end(plan, p.plays.from_energy, p.asked)) {
    const std::int32_t at = plan.shape.final_onset;
    const int root = place_root(plan.chords.back().what.root, p.plays, p.plays.low + 5);
    notes.push_back(make_note(at, plan.shape.end - at, root, p.plays.velocity * 92 / 100));
  }
  return notes;
}

namespace {

// One step of an accompaniment pattern; a held chord is struck again where the harmony changes.
void chord_step(const session_plan& plan, const player& p, std::int32_t tick, std::int32_t duration,
                char symbol, int velocity, std::vector<int>& previous, std::vector<note>& out) {
  const std::int32_t end = std::min(tick + duration, plan.shape.final_onset);
  while (tick < end) {
    const chord_span& here = chord_at(plan.chords, tick);
    const std::int32_t until = std::min(end, here.tick + here.duration);
    const std::vector<int> voicing = voicing_of(here.what, p, previous);
    if (symbol >= '1' && symbol <= '6') {
      const int index = symbol - '1';
      const int size = static_cast<int>(voicing.size());
      const int pitch = voicing[static_cast<std::size_t>(index % size)] + 12 * (index / size);
      out.push_back(make_note(tick, until - tick, pitch, velocity));
    } else {
      const bool up = symbol == 'o' && p.plays.roll > 10;
      strum(out, voicing, tick, until - tick, velocity, p.plays.roll, up);
    }
    previous = voicing;
    tick = std::max(until, tick + 1);
  }
}

}  // namespace

std::vector<note> play_chords(const session_plan& plan, const player& p, rng random) {
  std::vector<note> notes;
  const metre written{plan.kind.beats_per_bar, plan.kind.beat_unit};
  const std::int32_t bar_ticks = plan.shape.time.bar_ticks();
  std::vector<int> previous;
  for (std::size_t i = 0; i < plan.shape.sections.size(); ++i) {
    const section& s = plan.shape.sections[i];
    if (!plays_in(s, p.plays.from_energy, p.asked)) continue;
    std::string_view pattern = pattern_at(p.plays.levels, level_of(s.energy));
    if (pattern.empty() && p.asked)
      pattern = p.plays.levels[1].empty() ? p.plays.levels[2] : p.plays.levels[1];
    if (pattern.empty()) continue;
    for (int bar = s.first_bar; bar < s.first_bar + s.bars; ++bar) {
      for (const step& st : read_bar(pattern, bar - s.first_bar, written, plan.shape.time)) {
        const std::int32_t tick = bar * bar_ticks + st.tick;
        if (in_final_hold(plan, tick)) continue;
        const int percent = dynamics(s.energy) * crescendo(plan, i, tick) / 100;
        const int velocity = p.plays.velocity * loudness_of(st.symbol) / 100 * percent / 100;
        chord_step(plan, p, tick, st.duration, st.symbol, velocity + random.around(3), previous,
                   notes);
      }
    }
  }
  if (plays_at_end(plan, p.plays.from_energy, p.asked)) {
    const std::int32_t at = plan.shape.final_onset;
    strum(notes, voicing_of(plan.chords.back().what, p, previous), at, plan.shape.end - at,
          p.plays.velocity * 92 / 100, std::max(p.plays.roll, 12), false);
  }
  return notes;
}

}  // namespace son1k::music
