#include "music/render/compressor.hpp"

#include <algorithm>

namespace son1k::music::render {
namespace {

double share_per_step(double seconds, double sample_rate) {
  return 1.0 - std::exp(-static_cast<double>(compressor::step) / (seconds * sample_rate));
}

float peak_of(stereo_view v) {
  float peak = 0.0f;
  for (std::size_t i = 0; i < v.size(); ++i)
    peak = std::max(peak, std::max(std::abs(v.left[i]), std::abs(v.right[i])));
  return peak;
}

}  // namespace

compressor::compressor(const compressor_settings& s, double sample_rate)
    : settings_(s),
      attack_(share_per_step(s.attack_seconds, sample_rate)),
      release_(share_per_step(s.release_seconds, sample_rate)),
      gain_(static_cast<float>(from_db(s.makeup_db))) {}

void compressor::process(stereo_view block) {
  if (settings_.ratio <= 1.0) return;
  for (std::size_t at = 0; at < block.size(); at += step) {
    const auto part = block.part(at, std::min(step, block.size() - at));
    const double level = to_db(peak_of(part));
    level_db_ += (level - level_db_) * (level > level_db_ ? attack_ : release_);
    const double over = std::max(0.0, level_db_ - settings_.threshold_db);
    const auto target =
        static_cast<float>(from_db(settings_.makeup_db - over * (1.0 - 1.0 / settings_.ratio)));
    const float slope = (target - gain_) / static_cast<float>(part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      gain_ += slope;
      part.left[i] *= gain_;
      part.right[i] *= gain_;
    }
    gain_ = target;
  }
}

}  // namespace son1k::music::render
