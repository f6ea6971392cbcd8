#include "music/render/strip.hpp"

#include <algorithm>
#include <array>
#include <numbers>

namespace son1k::music::render {
namespace {

using enum stem;
using enum kit_part;

// Levels are of the track's busiest seconds in the mix before mastering. The compressors'
// thresholds are peaks against that level: a signal of -20 LUFS has its peaks at about -8 dB.
constexpr std::array strips = {
    role_sound{drums,
               kick,
               -20.0,
               1.5,
               0.0,
               32,
               {70, 1.0, 2.0},
               {3200, 1.2, 2.0},
               0.0,
               {-14, 3.0, 0.012, 0.12, 1.5},
               0.0,
               0.0},
    role_sound{drums,
               skins,
               -20.0,
               0.0,
               0.0,
               70,
               {190, 1.0, 1.5},
               {4500, 0.9, 1.5},
               1.0,
               {-13, 2.5, 0.008, 0.12, 1.5},
               0.0,
               0.0},
    role_sound{drums,
               metal,
               -20.0,
               -1.5,
               0.0,
               220,
               {420, 1.0, -2.0},
               {7000, 0.8, -1.0},
               1.0,
               {-14, 2.0, 0.005, 0.1, 0.0},
               0.0,
               0.0},
    role_sound{drums,
               whole,
               -20.0,
               0.0,
               0.0,
               32,
               {350, 0.9, -1.5},
               {5000, 0.8, 1.0},
               0.5,
               {-13, 2.5, 0.010, 0.12, 1.0},
               0.0,
               0.0},
    role_sound{percussion,
               whole,
               -26.0,
               0.0,
               -0.28,
               140,
               {400, 1.0, -1.5},
               {5000, 0.8, 1.0},
               1.0,
               {-16, 2.0, 0.008, 0.1, 0.5},
               0.0,
               0.0},
    role_sound{bass,
               whole,
               -20.5,
               0.0,
               0.0,
               34,
               {250, 0.8, -2.0},
               {900, 0.8, 1.5},
               -2.0,
               {-15, 3.5, 0.018, 0.18, 2.0},
               0.7,
               0.0},
    role_sound{chords,
               whole,
               -22.0,
               0.0,
               -0.16,
               110,
               {300, 0.8, -2.0},
               {2600, 0.7, -1.0},
               0.5,
               {-14, 2.0, 0.020, 0.2, 0.5},
               0.4,
               0.25},
    role_sound{pad,
               whole,
               -25.5,
               0.0,
               0.0,
               160,
               {320, 0.7, -2.5},
               {2400, 0.6, -1.5},
               0.5,
               {-18, 1.5, 0.040, 0.3, 0.0},
               1.0,
               0.5},
    role_sound{lead,
               whole,
               -19.5,
               0.0,
               0.04,
               130,
               {350, 0.8, -1.0},
               {3000, 0.7, 1.0},
               0.5,
               {-13, 2.5, 0.015, 0.18, 1.0},
               0.0,
               0.0},
    role_sound{counter,
               whole,
               -24.0,
               0.0,
               0.30,
               150,
               {350, 0.8, -1.5},
               {2800, 0.7, -0.5},
               0.5,
               {-16, 2.0, 0.020, 0.2, 0.5},
               0.2,
               0.2},
    role_sound{arpeggio,
               whole,
               -25.0,
               0.0,
               0.24,
               170,
               {380, 0.8, -1.5},
               {3600, 0.8, 0.0},
               1.0,
               {-17, 2.0, 0.010, 0.15, 0.5},
               0.4,
               0.25},
    role_sound{effects,
               whole,
               -28.0,
               0.0,
               0.0,
               150,
               {400, 0.8, -1.0},
               {4000, 0.8, 0.0},
               0.0,
               {-18, 1.5, 0.020, 0.2, 0.0},
               0.3,
               0.0},
};

}  // namespace

const role_sound& sound_of(stem role, kit_part part) {
  for (const auto& r : strips)
    if (r.role == role && r.part == part) return r;
  return *std::find_if(strips.begin(), strips.end(),
                       [&](const auto& r) { return r.role == role || r.role == effects; });
}

strip::strip(const role_sound& r, double gain, double pan, quality grade, double sample_rate)
    : squeeze_(r.squeeze, sample_rate), level_(static_cast<float>(gain)) {
  filters_.emplace_back(high_pass(sample_rate, r.low_cut_hz));
  for (const auto& b : {r.body, r.presence})
    if (b.db != 0) filters_.emplace_back(bell(sample_rate, b.hz, b.q, b.db));
  if (r.air_db != 0) filters_.emplace_back(high_shelf(sample_rate, 9000.0, r.air_db));
  if (grade != quality::standard && r.chorus > 0) chorus_.emplace(r.chorus, sample_rate);
  // Equal power, 0 dB in the middle.
  const double angle = (std::clamp(pan, -0.9, 0.9) + 1.0) * std::numbers::pi / 4.0;
  left_ = static_cast<float>(std::numbers::sqrt2 * std::cos(angle));
  right_ = static_cast<float>(std::numbers::sqrt2 * std::sin(angle));
}

void strip::process(stereo_view block) {
  for (std::size_t i = 0; i < block.size(); ++i) {
    block.left[i] *= level_;
    block.right[i] *= level_;
  }
  for (auto& f : filters_) f.process(block);
  squeeze_.process(block);
  if (chorus_) chorus_->process(block);
  for (std::size_t i = 0; i < block.size(); ++i) {
    block.left[i] *= left_;
    block.right[i] *= right_;
  }
}

}  // namespace son1k::music::render
