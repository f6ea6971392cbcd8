#include "music/compose/compose.hpp"

#include <algorithm>

#include "music/compose/continuation.hpp"
#include "music/compose/performance.hpp"

namespace son1k::music {
namespace {

melody_range range_of(const player& p) {
  const instrument& i = instrument_of(p.program);
  const int low = std::max(i.low, 48);
  const int high = std::max(low + 14, std::min(i.high, 86));
  // The tune sits in the middle of the instrument, where it sings.
  const int trim = std::max(0, (high - low - 19) / 2);
  return {low + trim, high - trim};
}

track empty_track(const player& p) {
  track t;
  t.name = p.name;
  t.role = p.plays.role;
  t.program = p.program;
  t.gain_db = p.plays.gain_db;
  t.pan = p.plays.pan;
  t.reverb = p.plays.reverb;
  t.delay = p.plays.delay;
  return t;
}

void add_drums(const session_plan& plan, const band& g, const rng& random, score& out) {
  for (const drum_part& p : g.drums) {
    const rng own = random.fork(p.name);
    track t;
    t.name = p.name;
    t.role = p.hand ? stem::percussion : stem::drums;
    t.percussion = true;
    t.program = p.kit;
    t.gain_db = p.gain_db;
    t.reverb = 0.12;
    t.notes = perform(play_drums(plan, p, own), plan, p.late, own.fork("timing"));
    out.tracks.push_back(std::move(t));
  }
}

void add_players(const session_plan& plan, const band& g, const rng& random, score& out) {
  int index = 0;
  for (const player& p : g.players) {
    const rng own = random.fork(p.name).fork(std::to_string(index++));
    track t = empty_track(p);
    const bool bass = p.plays.role == stem::bass;
    t.notes = perform(bass ? play_bass(plan, p, own) : play_chords(plan, p, own), plan, 0,
                      own.fork("timing"));
    if (p.plays.pedal && decays(p.program)) {
      t.controllers = pedal_line(plan);
    } else if (p.plays.swell && !decays(p.program)) {
      t.controllers = swell_line(plan);
    }
    out.tracks.push_back(std::move(t));
  }
}

void add_melody(const session_plan& plan, const band& g, const rng& random, score& out) {
  if (!g.has_lead) {
    return;
  }
  const melody m = sing(plan.shape, plan.kind, plan.tonality, plan.chords, range_of(g.lead),
                        range_of(g.answer), g.has_answer, random.fork("melody"));
  track lead = empty_track(g.lead);
  lead.notes = perform(m.lead, plan, 0, random.fork("lead timing"));
  out.tracks.push_back(std::move(lead));
  if (g.has_answer && !m.answers.empty()) {
    track answer = empty_track(g.answer);
    answer.notes = perform(m.answers, plan, 0, random.fork("answer timing"));
    out.tracks.push_back(std::move(answer));
  }
  for (std::int32_t tick : m.hook_ticks) {
    out.hook_ticks.push_back(swung(tick, plan.kind, plan.shape.time));
  }
}

}  // namespace

const style& style_of(const brief& b) {
  const style* named = find_style(b.style);
  return named != nullptr ? *named : usual_style(b.kind);
}

score compose(const brief& b, std::uint64_t seed) {
  return compose_form(b, plan_form(b, style_of(b)), seed);
}

score compose_form(const brief& b, const form& f, std::uint64_t seed) {
  const style& s = style_of(b);
  const rng random(seed ^ 0x536F6E316BULL);
  const key k{b.key_tonic, b.key_mode, b.flat_spelling};
  const std::vector<chord_span> chords = plan_harmony(f, s, k, random.fork("harmony"));
  const session_plan plan{s, f, k, chords};
  const band g = arrange(b, s, random.fork("band"));

  score out;
  out.bpm = f.quarter_bpm;
  out.beats_per_bar = b.beats_per_bar;
  out.beat_unit = b.beat_unit;
  out.key_tonic = b.key_tonic;
  out.minor = is_minor(b.key_mode);
  out.sound = s.sound;
  out.length = f.length();
  out.duration_seconds = b.duration_seconds;
  out.fade_out_seconds = f.cut ? 0.8 : 0.0;
  out.sidechain = s.sidechain;
  add_drums(plan, g, random, out);
  add_players(plan, g, random, out);
  add_melody(plan, g, random, out);
  std::erase_if(out.tracks, [](const track& t) { return t.notes.empty(); });
  for (const chord_span& c : chords) {
    out.chords.push_back({c.tick, c.duration, c.what.symbol});
  }
  for (const section& part : f.sections) {
    out.sections.push_back({part.first_bar * f.time.bar_ticks(), part.bars * f.time.bar_ticks(),
                            part.name, part.energy});
  }
  return out;
}

}  // namespace son1k::music
