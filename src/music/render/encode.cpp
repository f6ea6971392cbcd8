#include "music/render/encode.hpp"

#include <sndfile.h>

#include <algorithm>
#include <memory>

#include "music/render/denormals.hpp"
#include "music/render/loudness.hpp"
#include "music/render/master.hpp"

namespace son1k::music::render {
namespace {

constexpr std::size_t block = 1 << 14;  // frames between two looks at the stop token
constexpr double longest_seconds = 900.0;
constexpr std::uint32_t ogg_serial = 0x536f6e31;  // "Son1"
constexpr double loudness_tolerance_lu = 0.2;
constexpr int deliveries = 4;

struct sound_closer {
  void operator()(SNDFILE* f) const { sf_close(f); }
};
using sound_file = std::unique_ptr<SNDFILE, sound_closer>;

error stopped() {
  return {errc::cancelled, "the encoding was cancelled"};
}

int sndfile_format(const encoding& how) {
  const int depth = how.grade == quality::ultra ? SF_FORMAT_PCM_24 : SF_FORMAT_PCM_16;
  switch (how.format) {
    case audio_format::mp3:
      return SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III;
    case audio_format::ogg:
      return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
    case audio_format::flac:
      return SF_FORMAT_FLAC | depth;
    case audio_format::wav:
      return SF_FORMAT_WAV | depth;
  }
  return 0;
}

// libsndfile's one knob runs from 0 (best) to 1: for a constant mp3 rate it picks from the rates
// between 320 and 32 kb/s, for Vorbis it is 1 - quality / 10.
double compression_level(const encoding& how) {
  const auto grade = static_cast<std::size_t>(how.grade);
  switch (how.format) {
    case audio_format::mp3:
      return std::array{0.4, 0.15, 0.0}[grade];
    case audio_format::ogg:
      return std::array{0.4, 0.2, 0.1}[grade];
    default:
      return 0.4;
  }
}

// LAME plays a constant 192 kb/s 3 % softer than what it is given (its own table of presets).
float level_of(const encoding& how) {
  return how.format == audio_format::mp3 && how.grade == quality::standard ? 1.0f / 0.97f : 1.0f;
}

void set_up(SNDFILE* file, const encoding& how) {
  double level = compression_level(how);
  if (how.format == audio_format::mp3) {
    int mode = SF_BITRATE_MODE_CONSTANT;
    sf_command(file, SFC_SET_BITRATE_MODE, &mode, sizeof mode);
  }
  if (how.format != audio_format::wav)
    sf_command(file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
  sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  if (how.format == audio_format::mp3) return;  // it has its own header, see tags.hpp
  const auto say = [&](int what, const std::string& value) {
    if (!value.empty()) sf_set_string(file, what, value.c_str());
  };
  say(SF_STR_TITLE, how.facts.title);
  say(SF_STR_ARTIST, how.facts.artist);
  say(SF_STR_GENRE, how.facts.genre);
  say(SF_STR_COMMENT, comment_with_facts(how.facts));
}

// Triangular noise of one step, the same for every piece.
class dither {
 public:
  explicit dither(bool on) : step_(on ? 1.0f / 32768.0f : 0.0f) {}
  float next() {
    if (step_ == 0.0f) return 0.0f;
    return step_ * (uniform() - uniform());
  }

 private:
  float uniform() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<float>(state_ >> 8) * 0x1p-24f;
  }
  float step_;
  std::uint32_t state_ = 0x1234567u;
};

tags facts_of(SNDFILE* file) {
  const auto said = [&](int what) {
    const char* value = sf_get_string(file, what);
    return std::string(value != nullptr ? value : "");
  };
  tags out;
  out.title = said(SF_STR_TITLE);
  out.artist = said(SF_STR_ARTIST);
  out.genre = said(SF_STR_GENRE);
  read_facts(said(SF_STR_COMMENT), out);
  return out;
}

}  // namespace

struct stream_encoder::state {
  state(const encoding& e, pending_file& f) : how(e), into(f) {}
  encoding how;
  pending_file& into;
  sound_file file;
  dither noise{false};
  std::vector<float> both;
};

stream_encoder::stream_encoder(std::unique_ptr<state> s) : state_(std::move(s)) {}
stream_encoder::stream_encoder(stream_encoder&&) noexcept = default;
stream_encoder& stream_encoder::operator=(stream_encoder&&) noexcept = default;
stream_encoder::~stream_encoder() = default;

result<stream_encoder> stream_encoder::begin(const encoding& how, pending_file& into) {
  if (how.format == audio_format::mp3)
    if (auto ok = into.write(id3_header(how.facts)); !ok) return ok.error();
  auto st = std::make_unique<state>(how, into);
  SF_INFO info{};
  info.channels = 2;
  info.samplerate = how.sample_rate;
  info.format = sndfile_format(how);
  st->noise = dither((info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16);
  st->file.reset(sf_open_virtual(into.sound_io(), SFM_WRITE, &info, &into));
  if (auto ok = into.state(); !ok) return ok.error();
  if (!st->file)
    return error{errc::internal, std::string("the encoder did not start: ") + sf_strerror(nullptr)};
  set_up(st->file.get(), how);
  return stream_encoder(std::move(st));
}

result<void> stream_encoder::write(stereo_view block) {
  auto& st = *state_;
  const float level = level_of(st.how);
  st.both.resize(2 * block.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    st.both[2 * i] = level * block.left[i] + st.noise.next();
    st.both[2 * i + 1] = level * block.right[i] + st.noise.next();
  }
  const auto count = static_cast<sf_count_t>(block.size());
  const auto written = sf_writef_float(st.file.get(), st.both.data(), count);
  if (auto ok = st.into.state(); !ok) return ok.error();
  if (written != count)
    return error{errc::internal, std::string("the encoder failed: ") + sf_strerror(st.file.get())};
  return {};
}

result<void> stream_encoder::end() {
  state_->file.reset();
  if (auto ok = state_->into.state(); !ok) return ok.error();
  if (state_->how.format == audio_format::ogg) return set_ogg_serial(state_->into, ogg_serial);
  return {};
}

result<void> encode(stereo_view sound, const encoding& how, pending_file& into,
                    std::stop_token stop, const on_fraction& progress) {
  const no_denormals quick;
  auto encoder = stream_encoder::begin(how, into);
  if (!encoder) return encoder.error();
  for (std::size_t at = 0; at < sound.size(); at += block) {
    if (stop.stop_requested()) return stopped();
    const auto count = std::min(block, sound.size() - at);
    if (auto ok = encoder->write(sound.part(at, count)); !ok) return ok.error();
    if (progress) progress(static_cast<double>(at + count) / static_cast<double>(sound.size()));
  }
  return encoder->end();
}

result<decoded> decode(const std::filesystem::path& path, std::stop_token stop) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code))
    return error{errc::not_found, "file", "there is no audio file " + path.string()};
  SF_INFO info{};
  sound_file file(sf_open(path.c_str(), SFM_READ, &info));
  const auto broken = [&](const std::string& why) {
    return error{errc::storage_corrupt, "file",
                 path.filename().string() + " is not audio that can be read: " + why};
  };
  if (!file) return broken(sf_strerror(nullptr));
  if (info.channels < 1 || info.channels > 8) return broken("unusual number of channels");
  if (static_cast<double>(info.frames) > longest_seconds * info.samplerate)
    return broken("longer than 15 minutes");
  decoded out;
  out.sample_rate = info.samplerate;
  out.bits = (info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16 ? 16 : 24;
  out.facts = facts_of(file.get());
  const auto total = static_cast<std::size_t>(std::max<sf_count_t>(info.frames, 0));
  out.sound = stereo_buffer(total);
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<float> all(block * channels);
  std::size_t at = 0;
  while (at < total) {
    if (stop.stop_requested()) return stopped();
    const auto got = sf_readf_float(file.get(), all.data(), static_cast<sf_count_t>(block));
    if (got <= 0) break;
    const auto count = std::min(static_cast<std::size_t>(got), total - at);
    for (std::size_t i = 0; i < count; ++i) {
      out.sound.left[at + i] = all[i * channels];
      out.sound.right[at + i] = all[i * channels + (channels > 1 ? 1 : 0)];
    }
    at += count;
  }
  if (at == 0) return broken("it holds no sound");
  out.sound.left.resize(at);
  out.sound.right.resize(at);
  return out;
}

result<measured> measure(stereo_view sound, int sample_rate, std::stop_token stop) {
  loudness_meter meter(sample_rate);
  for (std::size_t at = 0; at < sound.size(); at += block) {
    if (stop.stop_requested()) return stopped();
    meter.add(sound.part(at, std::min(block, sound.size() - at)));
  }
  return measured{meter.integrated_lufs(), to_db(true_peak(sound))};
}

result<delivered> deliver(stereo_view sound, const encoding& how,
                          const std::filesystem::path& target, std::stop_token stop,
                          const on_fraction& progress) {
  master_goal goal;
  stereo_buffer corrected;
  auto source = sound;
  for (int turn = 1;; ++turn) {
    auto file = pending_file::create(target);
    if (!file) return file.error();
    if (auto ok = encode(source, how, *file, stop, progress); !ok) return ok.error();
    auto back = decode(file->temporary(), stop);
    if (!back) return back.error();
    auto figures = measure(back->sound.view(), back->sample_rate, stop);
    if (!figures) return figures.error();
    const double off = target_lufs - figures->lufs;
    const double over = figures->peak_dbtp - delivered_peak_dbtp;
    const bool good = std::abs(off) <= loudness_tolerance_lu && over <= 0.0;
    if (good || turn == deliveries)
      return delivered{std::move(*file), std::move(back->sound), *figures};
    goal.lufs += off;
    if (over > 0.0) goal.peak_dbtp -= over + 0.1;
    corrected = stereo_buffer();
    corrected.left.assign(sound.left.begin(), sound.left.end());
    corrected.right.assign(sound.right.begin(), sound.right.end());
    if (auto ok = master(corrected.view(), how.sample_rate, goal, stop); !ok) return ok.error();
    source = corrected.view();
  }
}

}  // namespace son1k::music::render
