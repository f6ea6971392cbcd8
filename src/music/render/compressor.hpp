// A feed-forward compressor with linked channels: the gain is computed once per 16 frames from
// their peak and glides between. Owned by one strip, used by one thread.
#pragma once
#include "music/render/audio.hpp"

namespace son1k::music::render {

struct compressor_settings {
  double threshold_db = 0.0;  // full scale; 0 with ratio 1: off
  double ratio = 1.0;
  double attack_seconds = 0.01;
  double release_seconds = 0.15;
  double makeup_db = 0.0;
};

class compressor {
 public:
  compressor() = default;
  compressor(const compressor_settings& s, double sample_rate);
  void process(stereo_view block);  // block length is a multiple of `step` but for the last one
  static constexpr std::size_t step = 16;

 private:
  compressor_settings settings_;
  double attack_ = 0.0, release_ = 0.0;  // share of the distance walked in one step
  double level_db_ = -120.0;
  float gain_ = 1.0f;
};

}  // namespace son1k::music::render
