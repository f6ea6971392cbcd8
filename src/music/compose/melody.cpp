#include "music/compose/melody.hpp"

#include <algorithm>
#include <cstdlib>

#include "music/compose/pattern.hpp"

namespace son1k::music {
namespace {

const std::vector<std::string_view> common_cells = {"x--x--x-x---....", "x---x-x-x---x---",
                                                    "x-x-x---x-x-x---"};

// Sings one piece: keeps the place in the register from phrase to phrase.
class singer {
 public:
  singer(const form& f, const style& s, const key& k, const std::vector<chord_span>& chords,
         melody_range range, rng random)
      : form_(f), style_(s), key_(k), chords_(chords), range_(range), random_(random) {
    const metre written{s.beats_per_bar, s.beat_unit};
    const auto& cells = s.lead.rhythms.empty() ? common_cells : s.lead.rhythms;
    const double bar_seconds = f.time.bar_ticks() * 60.0 / (f.quarter_bpm * ticks_per_quarter);
    const int span = bar_seconds > 3.1 || f.tune_bars < 13 ? 1 : 2;
    hook_ = invent_motif(cells, written, f.time, span, random_);
    verse_ = invent_motif(cells, written, f.time, span, random_);
    bridge_ = verse_;
    for (motif_note& n : bridge_.notes) {
      n.offset = -n.offset;
    }
    middle_ = (range.low + range.high) / 2;
    last_ = nearest(tones_of(chords.front().what), middle_);
  }

  melody result;

  void sing_section(const section& part, bool last_section, bool short_form) {
    const int bars = last_section ? part.bars - 1 : part.bars;
    switch (part.what) {
      case theme::intro:
        if (bars >= hook_.bars + 1 && part.energy >= style_.lead.from_energy - 0.15) {
          state_hook(part.first_bar + bars - hook_.bars, middle_, 78);
        }
        break;
      case theme::outro:
        if (bars >= hook_.bars) {
          state_hook(part.first_bar, middle_, 84);
          if (bars > hook_.bars) {
            cadence(part.first_bar + bars - 1, true, 80);
          }
        }
        break;
      case theme::verse:
        sing_phrases(short_form ? hook_ : verse_, short_form, part, bars,
                     short_form ? middle_ : middle_ - 3, 94);
        break;
      case theme::hook:
        sing_phrases(hook_, true, part, bars, part.energy > 0.9 ? middle_ + 5 : middle_ + 3, 104);
        break;
      case theme::bridge:
        sing_phrases(bridge_, false, part, bars, middle_ - 1, 88);
        break;
      case theme::solo:
        improvise(part, bars);
        break;
    }
    if (last_section) {
      close();
    }
  }

 private:
  pitch_set scale_at(std::int32_t tick) const {
    return scale_over(key_, chord_at(chords_, tick).what);
  }

  bool strong(std::int32_t tick) const {
    const int in_bar = tick % form_.time.bar_ticks();
    const int beats = form_.time.bar_ticks() / form_.time.beat_ticks();
    const int beat = in_bar / form_.time.beat_ticks();
    if (in_bar % form_.time.beat_ticks() != 0) return false;
    return beat == 0 || beats < 4 || beat * 2 == beats || beats > 4;
  }

  int fold(int pitch) const {
    while (pitch > range_.high) pitch -= 12;
    while (pitch < range_.low) pitch += 12;
    return pitch;
  }

  void add(std::int32_t tick, std::int32_t duration, int pitch, int velocity) {
    if (tick >= form_.final_onset && !closing_) {
      return;
    }
    if (!closing_) {
      duration = std::min(duration, form_.final_onset - tick);
    }
    result.lead.push_back({tick, std::max(duration, 60), static_cast<std::uint8_t>(fold(pitch)),
                           static_cast<std::uint8_t>(std::clamp(velocity, 1, 127))});
    last_ = fold(pitch);
  }

  // States a motif at `bar` around `anchor`; returns whether all of it fitted before the end.
  bool state(const motif& m, int bar, int anchor, int loudness, bool ornament) {
    const std::int32_t start = bar * form_.time.bar_ticks();
    const std::int32_t first_tick = start + m.notes.front().tick;
    const pitch_set key_scale = scale_set(key_);
    const int near = (anchor * 2 + last_) / 3;
    const int first =
        nearest(tones_of(chord_at(chords_, first_tick).what), near, random_.chance(50));
    for (std::size_t i = 0; i < m.notes.size(); ++i) {
      const motif_note& n = m.notes[i];
      const std::int32_t tick = start + n.tick;
      if (tick + 60 >= form_.final_onset) {
        return false;
      }
      const chord& c = chord_at(chords_, tick).what;
      const bool up = i > 0 && n.offset > m.notes[i - 1].offset;
      const int wanted = walk(key_scale, first, n.offset);
      const bool leaps = i + 1 < m.notes.size() && std::abs(m.notes[i + 1].offset - n.offset) > 1;
      const bool settles =
          strong(tick) || n.duration >= form_.time.beat_ticks() || leaps || i + 1 == m.notes.size();
      int pitch = settles ? nearest(tones_of(c), wanted, up) : nearest(scale_at(tick), wanted, up);
      const int velocity = accent(tick, loudness);
      if (ornament && i > 0 && n.duration >= ticks_per_quarter && random_.chance(35)) {
        // A neighbour before the long tone: it comes in a sixteenth late.
        const int grace = ticks_per_quarter / 4;
        add(tick, grace, walk(scale_at(tick), pitch, 1), velocity - 14);
        add(tick + grace, n.duration - grace, pitch, velocity);
        continue;
      }
      colour_note(m, i, start, tick, pitch, velocity);
      add(tick, n.duration, pitch, velocity);
    }
    return true;
  }

  // Blue crush notes and chromatic approaches, on notes that allow them.
  void colour_note(const motif& m, std::size_t i, std::int32_t start, std::int32_t tick, int& pitch,
                   int velocity) {
    const motif_note& n = m.notes[i];
    const chord& c = chord_at(chords_, tick).what;
    if (style_.lead.blue && strong(tick) && pitch_class(pitch - c.root) == 4 && tick >= 90 &&
        random_.chance(60)) {
      result.lead.push_back({tick - 90, 90, static_cast<std::uint8_t>(fold(pitch - 1)),
                             static_cast<std::uint8_t>(std::max(30, velocity - 25))});
    }
    if (style_.lead.chromatic && !strong(tick) && n.duration <= ticks_per_quarter / 2 &&
        i + 1 < m.notes.size() && strong(start + m.notes[i + 1].tick) && random_.chance(40)) {
      const int target = nearest(tones_of(chord_at(chords_, start + m.notes[i + 1].tick).what),
                                 walk(scale_set(key_), pitch, m.notes[i + 1].offset - n.offset));
      pitch = target - 1;
    }
  }

  int accent(std::int32_t tick, int loudness) {
    const int base = style_.lead.velocity * loudness / 100;
    return base + (strong(tick) ? 5 : 0) + random_.around(4);
  }

  void state_hook(int bar, int anchor, int loudness) {
    if (state(hook_, bar, anchor, loudness, false)) {
      result.hook_ticks.push_back(bar * form_.time.bar_ticks() + hook_.notes.front().tick);
    }
  }

  // Four bars at a time: statement, statement in sequence, the head once more and a cadence.
  void sing_phrases(const motif& m, bool is_hook, const section& part, int bars, int anchor,
                    int loudness) {
    for (int from = 0; from < bars; from += 4) {
      const int length = std::min(4, bars - from);
      const bool last_phrase = from + length >= bars;
      int at = part.first_bar + from;
      const int end = at + length;
      int turn = 0;
      while (at + m.bars < end || (turn == 0 && at + m.bars <= end)) {
        const int shift = turn == 0 ? 0 : random_.between(-2, 2) * 2;
        if (is_hook) {
          state_hook(at, anchor + shift, loudness);
        } else {
          state(m, at, anchor + shift, loudness, part.pass > 0);
        }
        at += m.bars;
        ++turn;
      }
      while (at < end) {
        if (end - at > 1) {
          head(m, at, anchor + random_.between(-2, 3), loudness);
        } else {
          cadence(at, last_phrase && part.what != theme::verse && part.what != theme::bridge,
                  loudness);
        }
        ++at;
      }
    }
  }

  // The first bar of a motif.
  void head(const motif& m, int bar, int anchor, int loudness) {
    motif first;
    for (const motif_note& n : m.notes) {
      if (n.tick < form_.time.bar_ticks() - ticks_per_quarter / 2) {
        first.notes.push_back(n);
        first.notes.back().duration = std::min(n.duration, form_.time.bar_ticks() - n.tick);
      }
    }
    if (!first.notes.empty()) {
      state(first, bar, anchor, loudness, false);
    }
  }

  // Steps towards the goal on the first half of the bar, a long tone and a rest on the second.
  void cadence(int bar, bool closed, int loudness) {
    const std::int32_t start = bar * form_.time.bar_ticks();
    const int beat = form_.time.beat_ticks();
    const int beats = form_.time.bar_ticks() / beat;
    const int goal_beat = beats > 1 ? (beats + 1) / 2 : 0;
    const std::int32_t goal_tick = start + goal_beat * beat;
    const chord& c = chord_at(chords_, goal_tick).what;
    int goal = nearest(tones_of(c), last_, false);
    if (closed && contains(tones_of(c), key_.tonic)) {
      goal = nearest(static_cast<pitch_set>(1U << key_.tonic), last_, false);
    }
    int steps = goal_beat;
    const int direction = last_ >= goal ? 1 : -1;
    for (int b = 0; b < goal_beat; ++b, --steps) {
      const std::int32_t tick = start + b * beat;
      const int wanted = walk(scale_at(tick), goal, direction * steps);
      const int pitch = b == 0 ? nearest(tones_of(chord_at(chords_, tick).what), wanted) : wanted;
      add(tick, beat, pitch, accent(tick, loudness));
    }
    const std::int32_t room = start + form_.time.bar_ticks() - goal_tick;
    add(goal_tick, room - std::min(room / 3, ticks_per_quarter), goal, accent(goal_tick, loudness));
  }

  void improvise(const section& part, int bars) {
    const metre written{style_.beats_per_bar, style_.beat_unit};
    const auto& cells = style_.lead.rhythms.empty() ? common_cells : style_.lead.rhythms;
    for (int bar = 0; bar < bars; ++bar) {
      if (bar % 4 == 3) {
        cadence(part.first_bar + bar, bar + 1 == bars, 100);
        continue;
      }
      const motif line = invent_motif(cells, written, form_.time, 1, random_);
      state(line, part.first_bar + bar, middle_ + random_.between(-3, 6), 102, true);
    }
  }

  // The last note: the tonic, held.
  void close() {
    closing_ = true;
    const int tonic = nearest(static_cast<pitch_set>(1U << key_.tonic), last_, false);
    add(form_.final_onset, form_.end - form_.final_onset, tonic, accent(form_.final_onset, 96));
    closing_ = false;
  }

  const form& form_;
  const style& style_;
  const key& key_;
  const std::vector<chord_span>& chords_;
  melody_range range_;
  rng random_;
  motif hook_, verse_, bridge_;
  int middle_ = 72;
  int last_ = 72;
  bool closing_ = false;
};

// Phrases of the hook's own sections. With few of them the verses sing the hook as well, so that
// a short piece still has one tune to remember.
int hook_phrases(const form& f) {
  int phrases = 0;
  for (const section& s : f.sections) {
    phrases += s.what == theme::hook ? s.bars / 4 : 0;
  }
  return phrases;
}

// Long chord tones under the tune, moving by the smallest step and never doubling it.
void second_voice(const form& f, const section& part, const std::vector<chord_span>& chords,
                  const std::vector<note>& lead, melody_range range, int velocity,
                  std::vector<note>& out) {
  int last = out.empty() ? (range.low + range.high) / 2 : out.back().pitch;
  const std::int32_t from = part.first_bar * f.time.bar_ticks();
  const std::int32_t to = std::min(from + part.bars * f.time.bar_ticks(), f.final_onset);
  for (const chord_span& c : chords) {
    if (c.tick < from || c.tick >= to) {
      continue;
    }
    pitch_set tones = tones_of(c.what);
    for (const note& n : lead) {
      if (n.tick >= c.tick && n.tick < c.tick + ticks_per_quarter / 2) {
        tones = static_cast<pitch_set>(tones & ~(1U << (n.pitch % 12)));
      }
    }
    int pitch = nearest(tones, last, false);
    while (pitch > range.high) pitch -= 12;
    while (pitch < range.low) pitch += 12;
    out.push_back({c.tick, std::min(c.duration, to - c.tick), static_cast<std::uint8_t>(pitch),
                   static_cast<std::uint8_t>(velocity)});
    last = pitch;
  }
}

}  // namespace

melody sing(const form& f, const style& s, const key& k, const std::vector<chord_span>& chords,
            melody_range lead, melody_range answer, bool with_answers, rng random) {
  singer voice(f, s, k, chords, lead, random);
  const bool short_form = hook_phrases(f) < 3;
  std::vector<note> answers;
  for (std::size_t i = 0; i < f.sections.size(); ++i) {
    const section& part = f.sections[i];
    const std::size_t before = voice.result.lead.size();
    voice.sing_section(part, i + 1 == f.sections.size(), short_form);
    const bool solo = part.what == theme::solo && with_answers && part.pass % 2 == 0;
    if (solo) {
      // The second instrument takes the solo.
      const auto begin = voice.result.lead.begin() + static_cast<std::ptrdiff_t>(before);
      for (auto n = begin; n != voice.result.lead.end(); ++n) {
        int p = n->pitch;
        while (p > answer.high) p -= 12;
        while (p < answer.low) p += 12;
        n->pitch = static_cast<std::uint8_t>(p);
        answers.push_back(*n);
      }
      voice.result.lead.erase(begin, voice.result.lead.end());
    } else if (with_answers &&
               ((part.what == theme::hook && part.energy > 0.78) || part.what == theme::bridge)) {
      second_voice(f, part, chords, voice.result.lead, answer, s.lead.velocity * 3 / 4, answers);
    }
  }
  voice.result.answers = std::move(answers);
  return std::move(voice.result);
}

}  // namespace son1k::music
