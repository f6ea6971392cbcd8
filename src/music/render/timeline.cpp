#include "music/render/timeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace son1k::music::render {
namespace {

kit_part part_of(int key) {
  if (key == 35 || key == 36) return kit_part::kick;
  if (key >= 37 && key <= 41) return kit_part::skins;
  if (key == 43 || key == 45 || key == 47 || key == 48 || key == 50) return kit_part::skins;
  return kit_part::metal;
}

// The bus indices of one track by kit part; `whole` for all that is no drum kit.
struct track_buses {
  std::array<std::size_t, 4> of{};
  std::size_t at(kit_part p) const { return of[static_cast<std::size_t>(p)]; }
};

track_buses add_buses(timeline& t, std::size_t index, const track& from) {
  track_buses out;
  const auto add = [&](kit_part p) {
    out.of[static_cast<std::size_t>(p)] = t.buses.size();
    t.buses.push_back({index, p});
  };
  if (!from.percussion || from.role != stem::drums) {
    add(kit_part::whole);
    return out;
  }
  for (const auto p : {kit_part::kick, kit_part::skins, kit_part::metal}) add(p);
  return out;
}

void add_notes(timeline& t, const score& s, const track& from, const track_buses& to, int rate) {
  const bool kit = from.percussion && from.role == stem::drums;
  const auto frame_of = [&](std::int32_t tick) {
    return static_cast<std::int64_t>(std::llround(seconds_of(s, tick) * rate));
  };
  std::array<std::int64_t, 128> next_onset;
  next_onset.fill(t.frames);
  for (auto n = from.notes.rbegin(); n != from.notes.rend(); ++n) {
    const auto key = std::min<std::uint8_t>(n->pitch, 127);
    const auto on = frame_of(std::max(n->tick, 0));
    if (on >= t.frames || on >= next_onset[key]) continue;
    const auto off = std::min(frame_of(n->tick + std::max(n->duration, 1)), next_onset[key]);
    next_onset[key] = on;
    const auto part = kit ? part_of(key) : kit_part::whole;
    const auto b = static_cast<std::uint8_t>(to.at(part));
    const auto velocity = std::clamp<std::uint8_t>(n->velocity, 1, 127);
    t.events.push_back({on, play::on, b, key, velocity});
    t.events.push_back({off, play::off, b, key, 0});
    if (part == kit_part::kick) t.kicks.push_back(on);
  }
  for (const auto& c : from.controllers)
    for (std::size_t b = 0; b < t.buses.size(); ++b)
      if (&s.tracks[t.buses[b].track] == &from)
        t.events.push_back({frame_of(c.tick), play::controller, static_cast<std::uint8_t>(b),
                            std::min<std::uint8_t>(c.number, 119),
                            std::min<std::uint8_t>(c.value, 127)});
}

void sort_events(timeline& t) {
  std::stable_sort(t.events.begin(), t.events.end(), [](const auto& a, const auto& b) {
    return a.frame != b.frame ? a.frame < b.frame : a.what < b.what;
  });
  std::sort(t.kicks.begin(), t.kicks.end());
}

std::int64_t busiest_start(const timeline& t, std::size_t track_index, std::int64_t length) {
  std::vector<std::int64_t> onsets;
  for (const auto& e : t.events)
    if (e.what == play::on && t.buses[e.bus].track == track_index) onsets.push_back(e.frame);
  std::int64_t best = onsets.empty() ? 0 : onsets.front();
  std::size_t most = 0, end = 0;
  for (std::size_t i = 0; i < onsets.size(); ++i) {
    while (end < onsets.size() && onsets[end] < onsets[i] + length) ++end;
    if (end - i > most) most = end - i, best = onsets[i];
  }
  return best;
}

}  // namespace

timeline lay_out(const score& s, int sample_rate) {
  timeline t;
  t.frames = static_cast<std::int64_t>(std::llround(s.duration_seconds * sample_rate));
  std::vector<track_buses> of_track;
  for (std::size_t i = 0; i < s.tracks.size(); ++i) {
    if (t.buses.size() + 3 > buses_max) break;
    of_track.push_back(add_buses(t, i, s.tracks[i]));
  }
  for (std::size_t i = 0; i < of_track.size(); ++i)
    add_notes(t, s, s.tracks[i], of_track[i], sample_rate);
  sort_events(t);
  return t;
}

timeline busiest_excerpts(const timeline& whole, double seconds, int sample_rate) {
  timeline t;
  t.buses = whole.buses;
  const auto length = static_cast<std::int64_t>(seconds * sample_rate);
  t.frames = length;
  std::map<std::size_t, std::int64_t> start_of;
  for (const auto& b : whole.buses)
    if (!start_of.contains(b.track)) start_of[b.track] = busiest_start(whole, b.track, length);
  for (auto e : whole.events) {
    e.frame -= start_of[t.buses[e.bus].track];
    if (e.frame >= length || (e.frame < 0 && e.what != play::controller)) continue;
    e.frame = std::max<std::int64_t>(e.frame, 0);
    t.events.push_back(e);
  }
  sort_events(t);
  return t;
}

}  // namespace son1k::music::render
