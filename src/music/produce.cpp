#include "music/produce.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <optional>

#include "music/compose/compose.hpp"
#include "music/midi_file.hpp"
#include "music/render/encode.hpp"
#include "music/render/master.hpp"
#include "music/render/mixer.hpp"
#include "music/render/peaks.hpp"
#include "music/render/progress.hpp"

namespace son1k::music {
namespace {

using render::pending_file;

using clock = std::chrono::steady_clock;
double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

error cancelled() {
  return {errc::cancelled, text{"the piece was cancelled", "obra cancelada"}};
}

// Everything that is written for one piece; published together at the end.
struct output {
  std::vector<pending_file> files;
  std::vector<piece_file> listed;

  void add(pending_file file, std::string kind, std::string name, std::string content_type) {
    listed.push_back(
        {std::move(kind), std::move(name), file.target(), std::move(content_type), file.size()});
    files.push_back(std::move(file));
  }
  result<void> publish() {
    for (auto& f : files)
      if (auto ok = f.sync(); !ok) return ok.error();
    for (auto& f : files)
      if (auto ok = f.publish(); !ok) return ok.error();
    return {};
  }
};

// One flac a stem, written while the mix runs.
class stem_files {
 public:
  stem_files(const production_settings& settings, render::encoding how)
      : settings_(settings), how_(std::move(how)) {
    how_.format = audio_format::flac;
  }
  result<void> add(std::size_t index, render::stereo_view block) {
    auto& w = writers_[index];
    if (!w) {
      auto file = pending_file::create(settings_.folder / file_name(index));
      if (!file) return file.error();
      w = std::make_unique<writer>(writer{std::move(*file), {}});
      auto begun = render::stream_encoder::begin(how_, w->file);
      if (!begun) return begun.error();
      w->encoder.emplace(std::move(*begun));
    }
    return w->encoder->write(block);
  }
  result<void> finish(output& out) {
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      if (!writers_[i]) continue;
      if (auto ok = writers_[i]->encoder->end(); !ok) return ok.error();
      writers_[i]->encoder.reset();
      out.add(std::move(writers_[i]->file), "stem", std::string(render::stem_name(i)),
              "audio/flac");
    }
    return {};
  }

 private:
  struct writer {
    pending_file file;
    std::optional<render::stream_encoder> encoder;
  };
  std::string file_name(std::size_t index) const {
    return fmt::format("{}.stem-{}.flac", settings_.name, render::stem_name(index));
  }
  const production_settings& settings_;
  render::encoding how_;
  std::array<std::unique_ptr<writer>, render::stem_count> writers_;
};

render::encoding encoding_of(const brief& b) {
  render::encoding how;
  how.grade = b.grade;
  how.sample_rate = render::sample_rate_of(b.grade);
  how.facts.title = b.title;
  how.facts.genre = b.style.empty() ? std::string(name_of(b.kind)) : b.style;
  how.facts.comment = b.prompt;
  how.facts.key = key_name(b);
  how.facts.bpm = b.bpm;
  return how;
}

std::string form_of(const score& s) {
  std::string out;
  for (const auto& m : s.sections) out += (out.empty() ? "" : " ") + m.name;
  return out;
}

result<void> add_text(output& out, const std::filesystem::path& path, std::string_view bytes,
                      const char* kind, const char* content_type) {
  auto file = pending_file::create(path);
  if (!file) return file.error();
  if (auto ok = file->write(bytes); !ok) return ok.error();
  out.add(std::move(*file), kind, "", content_type);
  return {};
}

// The asked formats without repetition, and flac last if a master is to be kept.
std::vector<audio_format> formats_to_write(std::vector<audio_format> asked, bool keep_master) {
  if (keep_master) asked.push_back(audio_format::flac);
  std::vector<audio_format> out;
  for (const auto f : asked)
    if (std::find(out.begin(), out.end(), f) == out.end()) out.push_back(f);
  return out;
}

struct production {
  const brief& understood;
  const score& notes;
  const std::vector<audio_format>& formats;
  const production_settings& settings;
  render::progress_line& progress;
  std::stop_token stop;

  render::encoding how = encoding_of(understood);
  output out = {};

  std::filesystem::path file(std::string_view ending) const {
    return settings.folder / fmt::format("{}.{}", settings.name, ending);
  }
  result<render::stereo_buffer> play(const std::filesystem::path& font);
  result<void> make_master(render::stereo_view sound);
  result<void> keep_master(render::stereo_view sound, const render::on_fraction& moved);
  result<void> write_audio(render::stereo_view sound, piece& p);
  result<piece> run();
};

result<render::stereo_buffer> production::play(const std::filesystem::path& font) {
  progress.begin("render", 0.72, {"playing the instruments", "tocando los instrumentos"});
  stem_files stems(settings, how);
  render::mix_settings m;
  m.font = font;
  m.grade = understood.grade;
  m.sample_rate = how.sample_rate;
  m.seed = understood.seed;
  m.progress = [this](double share) { progress.at(share); };
  if (settings.write_stems)
    m.stem_sink = [&stems](std::size_t i, render::stereo_view v) { return stems.add(i, v); };
  auto sound = render::mix(notes, m, stop);
  if (!sound) return sound.error();
  if (auto ok = stems.finish(out); !ok) return ok.error();
  return sound;
}

result<void> production::make_master(render::stereo_view sound) {
  progress.begin("master", 0.80, {"mastering", "masterizando"});
  return render::master(sound, how.sample_rate, {}, stop,
                        [this](double share) { progress.at(share); });
}

result<void> production::keep_master(render::stereo_view sound, const render::on_fraction& moved) {
  auto kept = pending_file::create(file("flac"));
  if (!kept) return kept.error();
  if (auto ok = render::encode(sound, how, *kept, stop, moved); !ok) return ok.error();
  out.add(std::move(*kept), "master", "flac", "audio/flac");
  return {};
}

result<void> production::write_audio(render::stereo_view sound, piece& p) {
  const auto wanted = formats_to_write(formats, settings.keep_master);
  bool first = true;
  double done = 0.80;
  for (const auto format : wanted) {
    const auto name = std::string(extension_of(format));
    done += 0.18 / static_cast<double>(wanted.size());
    progress.begin("encode", done, {"writing " + name, "escribiendo " + name});
    how.format = format;
    const auto moved = [this](double share) { progress.at(share); };
    // Nobody hears the kept master itself, and flac changes nothing: no need to measure it.
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
      if (auto ok = keep_master(sound, moved); !ok) return ok.error();
      continue;
    }
    auto made = render::deliver(sound, how, file(name), stop, moved);
    if (!made) return made.error();
    if (first) {
      p.loudness_lufs = made->figures.lufs;
      p.true_peak_dbtp = made->figures.peak_dbtp;
      p.duration_seconds = static_cast<double>(made->sound.size()) / how.sample_rate;
      const auto json = render::peaks_json(made->sound.view(), how.sample_rate, notes);
      if (auto ok = add_text(out, file("peaks.json"), boost::json::serialize(json), "peaks",
                             "application/json");
          !ok)
        return ok.error();
    }
    first = false;
    out.add(std::move(made->file), "audio", name, std::string(content_type_of(format)));
  }
  return {};
}

result<piece> production::run() {
  if (formats.empty())
    return error{errc::validation, "format",
                 text{"no audio format was asked for", "no se pidió ningún formato de audio"}};
  auto font = find_sound_font(settings.sound_font);
  if (!font) return font.error();
  // A folder that cannot be written to is told before minutes of rendering.
  if (auto probe = pending_file::create(file("mid")); !probe) return probe.error();
  auto sound = play(*font);
  if (!sound) return sound.error();
  if (auto ok = make_master(sound->view()); !ok) return ok.error();

  piece p;
  if (auto ok = write_audio(sound->view(), p); !ok) return ok.error();
  progress.begin("measure", 0.99, {"checking and saving", "comprobando y guardando"});
  if (auto ok =
          add_text(out, file("mid"), write_midi(notes, understood.title), "midi", "audio/midi");
      !ok)
    return ok.error();
  if (stop.stop_requested()) return cancelled();
  if (auto ok = out.publish(); !ok) return ok.error();
  // The asked audio first, then the rest in the order of writing.
  std::stable_partition(out.listed.begin(), out.listed.end(),
                        [](const auto& f) { return f.kind == "audio"; });
  p.files = std::move(out.listed);
  p.understood = understood;
  p.score = notes;
  p.sample_rate = how.sample_rate;
  p.key = how.facts.key;
  p.tempo_bpm = understood.bpm;
  p.form = form_of(notes);
  p.sound_font = font->filename().string();
  return p;
}

void set_times(piece& p, clock::time_point start) {
  p.render_seconds = seconds_since(start);
  p.times_real_time = p.duration_seconds / std::max(p.render_seconds, 1e-6);
}

}  // namespace

result<piece> produce_score(const brief& b, const score& s,
                            const std::vector<audio_format>& formats,
                            const production_settings& settings, const on_stage& report,
                            std::stop_token stop) {
  const auto start = clock::now();
  render::progress_line progress(report);
  auto made = production{b, s, formats, settings, progress, stop}.run();
  if (!made) return made;
  set_times(*made, start);
  progress.begin("done", 1.0, {"finished", "terminada"});
  progress.at(1.0);
  return made;
}

result<piece> produce(const piece_request& request, const std::vector<audio_format>& formats,
                      const production_settings& settings, const on_stage& report,
                      std::stop_token stop) {
  const auto start = clock::now();
  render::progress_line progress(report);
  progress.begin("understand", 0.01, {"understanding the prompt", "entendiendo el texto"});
  progress.begin("compose", 0.03, {"composing", "componiendo"});
  const auto work = compose_request(request);
  if (!work) return work.error();
  if (stop.stop_requested()) return cancelled();
  auto made = production{work->understood, work->notes, formats, settings, progress, stop}.run();
  if (!made) return made;
  set_times(*made, start);
  progress.begin("done", 1.0, {"finished", "terminada"});
  progress.at(1.0);
  return made;
}

result<std::vector<piece_file>> produce_stems(const piece_request& request,
                                              production_settings settings, std::stop_token stop) {
  const auto work = compose_request(request);
  if (!work) return work.error();
  auto font = find_sound_font(settings.sound_font);
  if (!font) return font.error();
  settings.write_stems = true;
  render::progress_line nobody{on_stage()};
  const std::vector<audio_format> none;
  production made{work->understood, work->notes, none, settings, nobody, stop};
  auto sound = made.play(*font);
  if (!sound) return sound.error();
  if (auto ok = made.out.publish(); !ok) return ok.error();
  return std::move(made.out.listed);
}

result<std::vector<std::string>> stems_of_request(const piece_request& request) {
  const auto work = compose_request(request);
  if (!work) return work.error();
  const auto present = render::stems_of(work->notes);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < present.size(); ++i)
    if (present[i]) out.emplace_back(render::stem_name(i));
  return out;
}

result<void> transcode(const std::filesystem::path& master, audio_format format,
                       const std::filesystem::path& to, std::stop_token stop) {
  auto source = render::decode(master, stop);
  if (!source) return source.error();
  render::encoding how;
  how.format = format;
  how.sample_rate = source->sample_rate;
  how.grade = source->bits > 16             ? quality::ultra
              : source->sample_rate > 44100 ? quality::premium
                                            : quality::standard;
  how.facts = source->facts;
  auto made = render::deliver(source->sound.view(), how, to, stop);
  if (!made) return made.error();
  if (auto ok = made->file.sync(); !ok) return ok.error();
  return made->file.publish();
}

}  // namespace son1k::music
