#include "music/render/synth.hpp"

#include <fluidsynth.h>

#include <algorithm>
#include <mutex>

#include "base/log.hpp"

namespace son1k::music::render {
namespace {

constexpr int drum_bank = 128;
// Leaves 12 dB of headroom before the mixer sets the level; floats do not clip anyway.
constexpr double synth_gain = 0.25;

struct settings_closer {
  void operator()(fluid_settings_t* s) const { delete_fluid_settings(s); }
};
struct synth_closer {
  void operator()(fluid_synth_t* s) const { delete_fluid_synth(s); }
};

void route_messages_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    const auto quiet = [](int, const char* message, void*) {
      log::debug("fluidsynth", {{"message", message}});
    };
    for (int level = FLUID_PANIC; level < LAST_LOG_LEVEL; ++level)
      fluid_set_log_function(level, quiet, nullptr);
  });
}

fluid_settings_t* configure(std::size_t buses, int sample_rate, quality grade) {
  auto* s = new_fluid_settings();
  if (s == nullptr) return nullptr;
  const int channels = static_cast<int>(buses + 15) / 16 * 16;
  const int pairs = static_cast<int>(std::max<std::size_t>(buses, 1));
  fluid_settings_setint(s, "synth.midi-channels", std::max(channels, 16));
  fluid_settings_setint(s, "synth.audio-channels", pairs);
  fluid_settings_setint(s, "synth.audio-groups", pairs);
  fluid_settings_setnum(s, "synth.sample-rate", sample_rate);
  fluid_settings_setnum(s, "synth.gain", synth_gain);
  fluid_settings_setint(s, "synth.reverb.active", 0);
  fluid_settings_setint(s, "synth.chorus.active", 0);
  fluid_settings_setint(s, "synth.polyphony", grade == quality::standard ? 192 : 256);
  fluid_settings_setint(s, "synth.lock-memory", 0);
  fluid_settings_setint(s, "synth.threadsafe-api", 0);
  // Only the presets that are played are read: 20 ms instead of 200 ms for a 140 MB font.
  fluid_settings_setint(s, "synth.dynamic-sample-loading", 1);
  return s;
}

error broken_font(const std::filesystem::path& font) {
  return {errc::unavailable, "sound_font",
          text{"the sound font " + font.string() +
                   " cannot be read; install fluid-soundfont-gm "
                   "or set SON1K_SOUND_FONT to a SoundFont 2 file",
               "no se puede leer la fuente de sonido " + font.string() +
                   "; instale "
                   "fluid-soundfont-gm o ponga en SON1K_SOUND_FONT un archivo SoundFont 2"}};
}

}  // namespace

struct synth::state {
  std::unique_ptr<fluid_settings_t, settings_closer> settings;
  std::unique_ptr<fluid_synth_t, synth_closer> engine;
  const timeline* line = nullptr;
  std::size_t next = 0;
  std::int64_t at = 0;
  std::vector<float*> outputs;

  void choose_sounds(const score& s, int font);
  void send(const play_event& e);
};

void synth::state::choose_sounds(const score& s, int font) {
  for (std::size_t b = 0; b < line->buses.size(); ++b) {
    const auto& t = s.tracks[line->buses[b].track];
    const int channel = static_cast<int>(b);
    const int program = std::clamp(t.program, 0, 127);
    fluid_synth_set_channel_type(engine.get(), channel,
                                 t.percussion ? CHANNEL_TYPE_DRUM : CHANNEL_TYPE_MELODIC);
    const int bank = t.percussion ? drum_bank : 0;
    if (fluid_synth_program_select(engine.get(), channel, font, bank, program) == FLUID_FAILED)
      fluid_synth_program_select(engine.get(), channel, font, bank, 0);
    fluid_synth_cc(engine.get(), channel, 7, 100);
    fluid_synth_cc(engine.get(), channel, 11, 127);
  }
}

void synth::state::send(const play_event& e) {
  switch (e.what) {
    case play::off:
      fluid_synth_noteoff(engine.get(), e.bus, e.number);
      break;
    case play::controller:
      fluid_synth_cc(engine.get(), e.bus, e.number, e.value);
      break;
    case play::on:
      fluid_synth_noteon(engine.get(), e.bus, e.number, e.value);
      break;
  }
}

synth::synth(std::unique_ptr<state> s) : state_(std::move(s)) {}
synth::synth(synth&&) noexcept = default;
synth& synth::operator=(synth&&) noexcept = default;
synth::~synth() = default;

result<synth> synth::open(const std::filesystem::path& font, const score& s, const timeline& t,
                          int sample_rate, quality grade) {
  route_messages_once();
  auto st = std::make_unique<state>();
  st->line = &t;
  st->settings.reset(configure(t.buses.size(), sample_rate, grade));
  if (st->settings) st->engine.reset(new_fluid_synth(st->settings.get()));
  if (!st->engine) return error{errc::internal, "the synthesiser did not start"};
  const int id = fluid_synth_sfload(st->engine.get(), font.c_str(), 0);
  if (id == FLUID_FAILED) return broken_font(font);
  fluid_synth_set_interp_method(
      st->engine.get(), -1,
      grade == quality::ultra ? FLUID_INTERP_7THORDER : FLUID_INTERP_4THORDER);
  st->choose_sounds(s, id);
  return synth(std::move(st));
}

void synth::render(std::vector<stereo_buffer>& buses, std::size_t frames) {
  auto& st = *state_;
  const auto& events = st.line->events;
  for (auto& b : buses) b.clear();
  const std::int64_t end = st.at + static_cast<std::int64_t>(frames);
  std::size_t done = 0;
  while (done < frames) {
    while (st.next < events.size() && events[st.next].frame <= st.at) st.send(events[st.next++]);
    std::int64_t until = end;
    if (st.next < events.size() && events[st.next].frame < end) {
      const auto away = static_cast<std::size_t>(events[st.next].frame - st.at);
      until = st.at + static_cast<std::int64_t>((away + grain - 1) / grain * grain);
    }
    const auto count = static_cast<std::size_t>(std::min(until, end) - st.at);
    st.outputs.clear();
    for (auto& b : buses) {
      st.outputs.push_back(b.left.data() + done);
      st.outputs.push_back(b.right.data() + done);
    }
    fluid_synth_process(st.engine.get(), static_cast<int>(count), 0, nullptr,
                        static_cast<int>(st.outputs.size()), st.outputs.data());
    done += count;
    st.at += static_cast<std::int64_t>(count);
  }
}

}  // namespace son1k::music::render
