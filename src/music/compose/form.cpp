#include "music/compose/form.hpp"

#include <algorithm>

namespace son1k::music {
namespace {

struct draft {
  theme what;
  int bars;
};

const char* name_of(theme t) {
  switch (t) {
    case theme::intro:
      return "intro";
    case theme::verse:
      return "A";
    case theme::hook:
      return "B";
    case theme::bridge:
      return "bridge";
    case theme::solo:
      return "solo";
    case theme::outro:
      return "outro";
  }
  return "A";
}

double energy_of(theme t, int pass, bool last_hook, bool after_bridge) {
  switch (t) {
    case theme::intro:
      return 0.34;
    case theme::verse:
      return after_bridge ? 0.44 : std::min(0.62, 0.5 + 0.05 * pass);
    case theme::hook:
      return last_hook ? 0.95 : std::min(0.88, 0.74 + 0.05 * pass);
    case theme::bridge:
      return pass % 2 == 0 ? 0.42 : 0.56;
    case theme::solo:
      return 0.72;
    case theme::outro:
      return 0.4;
  }
  return 0.5;
}

// Verse and hook in turn, then bridges and solos so that long pieces keep moving.
std::vector<theme> order_of(int count) {
  static const std::vector<theme> first = {theme::verse, theme::hook,   theme::verse,
                                           theme::hook,  theme::bridge, theme::hook};
  static const std::vector<theme> later = {theme::verse, theme::hook,   theme::solo,
                                           theme::hook,  theme::bridge, theme::hook};
  std::vector<theme> order;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i % 6);
    order.push_back(i < 6 ? first[at] : later[at]);
  }
  // A piece wants to end on its hook.
  if (count >= 2) {
    order.back() = theme::hook;
  }
  if (count == 7) {
    order[4] = theme::solo;
    order[5] = theme::bridge;
  }
  return order;
}

// About 12 to 26 seconds a section, and at least three of them where the piece allows it.
int section_length(int available, int wanted, double bar_seconds) {
  int unit = wanted;
  while (unit > 4 && (unit * bar_seconds > 27.0 || available < 3 * unit)) {
    unit = unit == 12 ? 4 : unit / 2;
  }
  return std::max(unit, 2);
}

std::vector<draft> draft_sections(int bars, int wanted, double bar_seconds) {
  const int body = bars - 1;
  if (body < 6) {
    return {{theme::verse, bars}};
  }
  if (body < 12) {
    return {{theme::verse, body >= 8 ? 4 : 2}, {theme::hook, bars - (body >= 8 ? 4 : 2)}};
  }
  const int intro = body >= 24 && bar_seconds < 3.2 ? 4 : 2;
  int outro = (body >= 28 && bar_seconds < 3.2 ? 4 : 2) + 1;
  const int rest = bars - intro - outro;
  const int unit = section_length(rest, wanted, bar_seconds);
  const std::vector<theme> order = order_of(std::max(1, rest / unit));
  int spare = rest - unit * static_cast<int>(order.size());
  std::vector<draft> drafts{{theme::intro, intro}};
  for (theme t : order) {
    drafts.push_back({t, unit});
  }
  if (spare >= 4 && order.size() >= 3) {
    drafts.insert(drafts.end() - 1, {theme::bridge, 4});
    spare -= 4;
  } else if (spare >= 2 && unit <= 4) {
    drafts[1].bars += 2;
    spare -= 2;
  }
  outro += spare;
  drafts.push_back({theme::outro, outro});
  return drafts;
}

std::vector<section> sections_of(const std::vector<draft>& drafts, double mood_energy) {
  std::vector<section> sections;
  std::vector<int> passes(6, 0);
  int bar = 0;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const theme t = drafts[i].what;
    const bool last_hook =
        t == theme::hook && (i + 1 == drafts.size() || drafts[i + 1].what == theme::outro);
    const bool after_bridge = i > 0 && drafts[i - 1].what == theme::bridge;
    int& pass = passes[static_cast<std::size_t>(t)];
    double energy = drafts.size() == 1 ? 0.6 : energy_of(t, pass, last_hook, after_bridge);
    energy = std::clamp(energy + (mood_energy - 0.5) * 0.5, 0.15, 1.0);
    sections.push_back({name_of(t), t, bar, drafts[i].bars, energy, pass});
    bar += drafts[i].bars;
    ++pass;
  }
  return sections;
}

// After what has been heard: something else first, the hook in turn and at the end.
std::vector<theme> order_after(theme last, int count) {
  static const std::vector<theme> cycle = {theme::bridge, theme::hook, theme::verse,
                                           theme::hook,   theme::solo, theme::hook};
  const std::size_t skipped = last == theme::hook ? 0 : 1;
  std::vector<theme> order;
  for (int i = 0; i < count; ++i)
    order.push_back(cycle[(static_cast<std::size_t>(i) + skipped) % cycle.size()]);
  const theme before = count >= 2 ? order[order.size() - 2] : last;
  if (count >= 1 && before != theme::hook) order.back() = theme::hook;
  return order;
}

// The sections behind the kept ones; the last is an outro.
std::vector<draft> draft_more(theme last, int bars, int wanted, double bar_seconds) {
  if (bars < 5) {
    return {{theme::outro, bars}};
  }
  const int outro = bars >= 16 && bar_seconds < 3.2 ? 5 : 3;
  const int rest = bars - outro;
  const int unit = std::min(rest, section_length(rest, wanted, bar_seconds));
  const int count = rest / unit;
  std::vector<draft> drafts;
  for (const theme t : order_after(last, count)) drafts.push_back({t, unit});
  drafts.push_back({theme::outro, outro + rest - count * unit});
  return drafts;
}

// The times of a piece of that duration: all but its sections.
form plan_times(const brief& b, double duration) {
  form f;
  f.time = {b.beats_per_bar, b.beat_unit};
  f.quarter_bpm = quarter_bpm(b);
  const double tick_seconds = 60.0 / (f.quarter_bpm * ticks_per_quarter);
  const double bar_seconds = f.time.bar_ticks() * tick_seconds;
  const double ring = std::clamp(duration * 0.06, 1.1, 2.4);

  f.bars = std::max(1, static_cast<int>((duration - ring) / bar_seconds));
  f.tune_bars = f.bars;
  f.cut = bar_seconds > duration - 0.8;
  f.end = static_cast<std::int32_t>((duration - (duration < 8 ? 0.45 : 0.8)) / tick_seconds);

  // The last chord rings for some seconds, not for two long bars.
  const std::int32_t last_bar = (f.bars - 1) * f.time.bar_ticks();
  f.final_onset = last_bar;
  const double hold = duration - last_bar * tick_seconds;
  if (f.bars == 1 || hold > 5.5) {
    const int beats = f.time.bar_ticks() / f.time.beat_ticks();
    const int beat = std::max(beats > 1 ? 1 : 0, f.bars == 1 ? beats - 1 : (beats + 1) / 2);
    f.final_onset = last_bar + beat * f.time.beat_ticks();
  }
  if (f.cut) {
    f.final_onset = std::min(f.final_onset, f.end / 2 / f.time.beat_ticks() * f.time.beat_ticks());
  }
  return f;
}

double bar_seconds_of(const form& f) {
  return f.time.bar_ticks() * 60.0 / (f.quarter_bpm * ticks_per_quarter);
}

}  // namespace

form plan_form(const brief& b, const style& s) {
  form f = plan_times(b, b.duration_seconds);
  f.sections =
      sections_of(draft_sections(f.bars, s.section_bars, bar_seconds_of(f)), b.mood.energy);
  return f;
}

continued_form continue_form(const form& before, int duration_seconds, const brief& b,
                             const style& s) {
  continued_form out;
  out.whole = plan_times(b, duration_seconds);
  out.whole.tune_bars = before.tune_bars;
  const section& ending = before.sections.back();
  // Without an outro the last bar is what ends it; of a single bar that one stays.
  const int kept = ending.what == theme::outro ? ending.first_bar : std::max(1, before.bars - 1);
  // Something must be left to end it anew.
  out.from_bar = std::max(0, std::min(kept, out.whole.bars - 2));
  std::vector<draft> drafts;
  for (const section& one : before.sections) {
    if (one.first_bar >= out.from_bar) break;
    drafts.push_back({one.what, std::min(one.bars, out.from_bar - one.first_bar)});
  }
  const theme last = drafts.empty() ? theme::verse : drafts.back().what;
  const int more = out.whole.bars - out.from_bar;
  if (more > 0) {
    for (const draft& one : draft_more(last, more, s.section_bars, bar_seconds_of(out.whole)))
      drafts.push_back(one);
  }
  out.whole.sections = sections_of(drafts, b.mood.energy);
  return out;
}

}  // namespace son1k::music
