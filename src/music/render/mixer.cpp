#include "music/render/mixer.hpp"

#include <algorithm>
#include <map>
#include <numbers>

#include "music/render/denormals.hpp"
#include "music/render/levels.hpp"
#include "music/render/reverb.hpp"
#include "music/render/strip.hpp"
#include "music/render/synth.hpp"
#include "music/render/tone.hpp"

namespace son1k::music::render {
namespace {

constexpr std::size_t ambience = stem_count - 1;
constexpr double delay_feedback = 0.34;
constexpr double delay_return_db = -5.0;
constexpr double reverb_send_db = -3.0;
constexpr double edge_fade_seconds = 0.012;  // no click at the very end
// A strip whose input has been silent for this long has nothing left to say.
constexpr std::size_t idle_blocks = 12;
constexpr float silence = 1e-6f;

constexpr std::array<std::string_view, stem_count> stem_names = {
    "drums", "percussion", "bass",     "chords",  "pad",
    "lead",  "counter",    "arpeggio", "effects", "ambience"};

bool silent(stereo_view v) {
  float most = 0.0f;
  for (std::size_t i = 0; i < v.size(); ++i)
    most = std::max(most, std::max(std::abs(v.left[i]), std::abs(v.right[i])));
  return most < silence;
}

void add(stereo_view to, stereo_view from, float gain = 1.0f) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to.left[i] += gain * from.left[i];
    to.right[i] += gain * from.right[i];
  }
}

// The gain of everything that makes way for the kick: down at its onset, back over half a beat.
class ducker {
 public:
  ducker(const score& s, const timeline& t, double sample_rate)
      : on_(s.sidechain), kicks_(t.kicks) {
    attack_ = 0.004 * sample_rate;
    release_ = std::min(0.30, 30.0 / s.bpm) * sample_rate;
  }
  void next(std::size_t frames) {
    shape_.assign(frames, 0.0f);
    if (!on_) return;
    for (std::size_t i = 0; i < frames; ++i, ++at_) {
      while (next_ < kicks_.size() && kicks_[next_] <= at_) since_ = at_ - kicks_[next_++] + 1;
      if (since_ == 0) continue;
      const auto age = static_cast<double>(since_++);
      const double back = (age - attack_) / release_;
      const double depth = age < attack_ ? age / attack_ : std::max(0.0, 1.0 - back);
      shape_[i] = static_cast<float>(depth * depth * (3.0 - 2.0 * depth));
    }
  }
  // `share` 1 ducks by about 7 dB.
  void apply(stereo_view v, double share) const {
    if (!on_ || share <= 0) return;
    const auto deep = static_cast<float>(0.55 * share);
    for (std::size_t i = 0; i < v.size(); ++i) {
      v.left[i] *= 1.0f - deep * shape_[i];
      v.right[i] *= 1.0f - deep * shape_[i];
    }
  }

 private:
  bool on_;
  std::vector<std::int64_t> kicks_;
  double attack_ = 0, release_ = 0;
  std::int64_t at_ = 0, since_ = 0;
  std::size_t next_ = 0;
  std::vector<float> shape_;
};

struct channel {
  strip desk;
  const role_sound* sound;
  std::size_t stem_index;
  float reverb_send, delay_send;
  std::size_t idle = idle_blocks;
};

// How much of a kit part goes to the room: a wet kick blurs the bass.
double room_share(kit_part p) {
  switch (p) {
    case kit_part::kick:
      return 0.15;
    case kit_part::metal:
      return 0.6;
    default:
      return 1.0;
  }
}

std::vector<channel> channels_of(const score& s, const timeline& t,
                                 const std::vector<double>& gains, const mix_settings& m) {
  std::vector<channel> out;
  std::map<std::size_t, int> turn_of_track;
  std::map<stem, int> tracks_of_role;
  for (const auto& b : t.buses) {
    const auto& from = s.tracks[b.track];
    if (!turn_of_track.contains(b.track)) turn_of_track[b.track] = tracks_of_role[from.role]++;
    const auto& sound = sound_of(from.role, b.part);
    const double side = turn_of_track[b.track] % 2 == 0 ? 1.0 : -1.0;
    const double gain = gains[b.track] * from_db(sound.trim_db);
    out.push_back({strip(sound, gain, from.pan + side * sound.pan, m.grade, m.sample_rate), &sound,
                   static_cast<std::size_t>(from.role),
                   static_cast<float>(from.reverb * room_share(b.part) * from_db(reverb_send_db)),
                   static_cast<float>(from.delay)});
  }
  return out;
}

class desk {
 public:
  desk(const score& s, const timeline& t, const std::vector<double>& gains, const mix_settings& m)
      : settings_(m),
        channels_(channels_of(s, t, gains, m)),
        duck_(s, t, m.sample_rate),
        room_(tone_of(s.sound).space, m.sample_rate),
        delay_(45.0 / s.bpm, delay_feedback, m.sample_rate),
        tone_(tone_of(s.sound), m.grade, m.seed, m.sample_rate),
        reverb_return_(static_cast<float>(from_db(tone_of(s.sound).reverb_db))),
        delay_return_(static_cast<float>(from_db(delay_return_db))),
        present_(stems_of(s)),
        delay_used_(std::any_of(s.tracks.begin(), s.tracks.end(),
                                [](const auto& from) { return from.delay > 0; })),
        stems_(stem_count, stereo_buffer(block_frames)),
        to_room_(block_frames),
        to_delay_(block_frames) {}

  // Mixes one block of dry buses into `out`.
  result<void> block(std::vector<stereo_buffer>& buses, stereo_view out) {
    for (std::size_t i = 0; i < stem_count; ++i)
      if (present_[i]) stems_[i].clear();
    to_room_.clear();
    to_delay_.clear();
    duck_.next(block_frames);
    for (std::size_t b = 0; b < channels_.size(); ++b) play(channels_[b], buses[b].view());
    answer();
    for (std::size_t i = 0; i < stem_count; ++i) {
      if (!present_[i]) continue;
      const auto part = stems_[i].view().part(0, out.size());
      add(out, part);
      if (!settings_.stem_sink) continue;
      if (auto sunk = settings_.stem_sink(i, part); !sunk) return sunk.error();
    }
    tone_.process(out);
    return {};
  }

 private:
  void play(channel& c, stereo_view dry) {
    c.idle = silent(dry) ? c.idle + 1 : 0;
    if (c.idle > idle_blocks) return;
    c.desk.process(dry);
    duck_.apply(dry, c.sound->duck);
    add(stems_[c.stem_index].view(), dry);
    if (c.reverb_send > 0) add(to_room_.view(), dry, c.reverb_send);
    if (c.delay_send > 0) add(to_delay_.view(), dry, c.delay_send);
  }

  void answer() {
    if (delay_used_) {
      delay_.process(to_delay_.view());
      // The repeats stand in the same room.
      add(to_room_.view(), to_delay_.view(), 0.25f);
      add(stems_[ambience].view(), to_delay_.view(), delay_return_);
    }
    room_.process(to_room_.view());
    duck_.apply(to_room_.view(), 0.4);
    add(stems_[ambience].view(), to_room_.view(), reverb_return_);
  }

  const mix_settings& settings_;
  std::vector<channel> channels_;
  ducker duck_;
  reverb room_;
  tempo_delay delay_;
  tone tone_;
  float reverb_return_, delay_return_;
  std::array<bool, stem_count> present_;
  bool delay_used_;
  std::vector<stereo_buffer> stems_;
  stereo_buffer to_room_, to_delay_;
};

void fade(stereo_view whole, double seconds, double sample_rate) {
  const auto count = std::min(whole.size(), static_cast<std::size_t>(seconds * sample_rate));
  const auto start = whole.size() - count;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = static_cast<double>(i + 1) / static_cast<double>(count);
    const auto g = static_cast<float>(0.5 + 0.5 * std::cos(std::numbers::pi * x));
    whole.left[start + i] *= g;
    whole.right[start + i] *= g;
  }
}

}  // namespace

std::string_view stem_name(std::size_t index) {
  return stem_names.at(index);
}

int sample_rate_of(quality grade) {
  return grade == quality::standard ? 44100 : 48000;
}

std::array<bool, stem_count> stems_of(const score& s) {
  std::array<bool, stem_count> out{};
  for (const auto& t : s.tracks) out[static_cast<std::size_t>(t.role)] |= !t.notes.empty();
  out[ambience] = true;
  return out;
}

result<stereo_buffer> mix(const score& s, const mix_settings& settings, std::stop_token stop) {
  const no_denormals quick;
  const auto line = lay_out(s, settings.sample_rate);
  if (line.events.empty()) return error{errc::internal, "the score plays nothing"};
  auto engine = synth::open(settings.font, s, line, settings.sample_rate, settings.grade);
  if (!engine) return engine.error();
  auto gains = track_gains(s, line, settings, stop);
  if (!gains) return gains.error();

  desk console(s, line, *gains, settings);
  std::vector<stereo_buffer> buses(line.buses.size(), stereo_buffer(block_frames));
  stereo_buffer out(static_cast<std::size_t>(line.frames));
  for (std::size_t at = 0; at < out.size(); at += block_frames) {
    if (stop.stop_requested()) return error{errc::cancelled, "the rendering was cancelled"};
    engine->render(buses, block_frames);
    const auto count = std::min(block_frames, out.size() - at);
    if (auto done = console.block(buses, out.view().part(at, count)); !done) return done.error();
    if (settings.progress)
      settings.progress(static_cast<double>(at + count) / static_cast<double>(out.size()));
  }
  fade(out.view(), std::max(s.fade_out_seconds, edge_fade_seconds), settings.sample_rate);
  return out;
}

}  // namespace son1k::music::render
