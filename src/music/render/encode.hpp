// Audio files by libsndfile: writing a master in a format, reading any file back, and measuring
// what a listener will decode. No shared state; each call is independent.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>

#include "base/error.hpp"
#include "music/render/audio.hpp"
#include "music/render/pending_file.hpp"
#include "music/render/tags.hpp"
#include "music/request.hpp"

namespace son1k::music::render {

struct encoding {
  audio_format format = audio_format::mp3;
  quality grade = quality::standard;  // bit rate; 24 instead of 16 bits in ultra
  int sample_rate = 44100;
  tags facts;
};

using on_fraction = std::function<void(double)>;

// Writes sound in pieces; the file must stay where it is until end(). end() must be the last call.
class stream_encoder {
 public:
  static result<stream_encoder> begin(const encoding& how, pending_file& into);
  stream_encoder(stream_encoder&&) noexcept;
  stream_encoder& operator=(stream_encoder&&) noexcept;
  ~stream_encoder();
  result<void> write(stereo_view block);
  result<void> end();

 private:
  struct state;
  explicit stream_encoder(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

// All of it at once. mp3: constant 192, 256 or 320 kb/s. ogg: Vorbis quality 6, 8 or 9. (Not Opus:
// it knows no 44.1 kHz and encodes at half the speed.) flac, wav: 16 bits with triangular dither,
// or 24. The same sound and facts give the same bytes. Errors: cancelled, storage_full, unavailable
// (field "folder"), internal.
result<void> encode(stereo_view sound, const encoding& how, pending_file& into,
                    std::stop_token stop, const on_fraction& progress = {});

struct decoded {
  stereo_buffer sound;
  int sample_rate = 0;
  int bits = 16;  // of a lossless source
  tags facts;
};

// A whole file in memory, mono played on both sides. Errors: not_found; storage_corrupt if
// libsndfile does not understand it or it is longer than 15 minutes; cancelled.
result<decoded> decode(const std::filesystem::path& file, std::stop_token stop);

struct measured {
  double lufs = 0.0;
  double peak_dbtp = 0.0;
};

result<measured> measure(stereo_view sound, int sample_rate, std::stop_token stop);

// Encodes, decodes what was written and measures it; where a codec's overshoot passes -1 dBTP or
// the loudness is off by more than 0.2 LU, corrects a copy of the sound and tries again.
struct delivered {
  pending_file file;
  stereo_buffer sound;  // as decoded
  measured figures;
};
result<delivered> deliver(stereo_view sound, const encoding& how,
                          const std::filesystem::path& target, std::stop_token stop,
                          const on_fraction& progress = {});

}  // namespace son1k::music::render
