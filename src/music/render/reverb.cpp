#include "music/render/reverb.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

namespace son1k::music::render {
namespace {

// Mutually prime-ish lengths in milliseconds, spread so that no two echoes fall together.
constexpr std::array line_ms = {31.71, 37.11, 40.23, 44.14, 50.47, 56.33, 62.81, 69.05};
constexpr std::array diffuser_ms = {4.771, 3.595, 12.73, 9.307};
constexpr std::array diffusion = {0.75f, 0.75f, 0.625f, 0.625f};

double pole(double hz, double sample_rate) {
  return 1.0 - std::exp(-2.0 * std::numbers::pi * hz / sample_rate);
}

}  // namespace

void reverb::ring::resize(std::size_t frames) {
  length = std::max<std::size_t>(frames, 1);
  memory.assign(std::bit_ceil(length + 1), 0.0f);
  mask = memory.size() - 1;
}

reverb::reverb(const room& r, double sample_rate)
    : damping_(static_cast<float>(pole(r.damping_hz, sample_rate))),
      low_cut_(pole(r.low_cut_hz, sample_rate)) {
  const auto frames = [&](double ms) { return static_cast<std::size_t>(ms * sample_rate / 1e3); };
  for (std::size_t i = 0; i < lines; ++i) {
    const double ms = line_ms[i] * r.size;
    lines_[i].resize(frames(ms));
    gain_[i] = static_cast<float>(from_db(-60.0 * ms / 1e3 / r.decay_seconds));
  }
  for (std::size_t s = 0; s < 2; ++s) {
    sides_[s].pre.resize(frames(r.pre_delay_seconds * 1e3));
    for (std::size_t i = 0; i < stages; ++i)
      sides_[s].diffusers[i].resize(frames(diffuser_ms[i] * (s == 0 ? 1.0 : 1.047)));
  }
}

float reverb::enter(side& s, float x) {
  s.pre.memory[at_ & s.pre.mask] = x;
  float y = s.pre.memory[(at_ - s.pre.length) & s.pre.mask];
  s.low_cut_state += (static_cast<double>(y) - s.low_cut_state) * low_cut_;
  y -= static_cast<float>(s.low_cut_state);
  for (std::size_t i = 0; i < stages; ++i) {
    auto& d = s.diffusers[i];
    const float old = d.memory[(at_ - d.length) & d.mask];
    const float fed = y - diffusion[i] * old;
    d.memory[at_ & d.mask] = fed;
    y = old + diffusion[i] * fed;
  }
  return y;
}

void reverb::process(stereo_view block) {
  std::array<float, lines> x;
  for (std::size_t n = 0; n < block.size(); ++n, ++at_) {
    const float in_left = enter(sides_[0], block.left[n]);
    const float in_right = enter(sides_[1], block.right[n]);
    for (std::size_t i = 0; i < lines; ++i)
      x[i] = lines_[i].memory[(at_ - lines_[i].length) & lines_[i].mask];
    float sum = 0.0f;
    for (std::size_t i = 0; i < lines; ++i) {
      damped_[i] += (x[i] - damped_[i]) * damping_;
      x[i] = damped_[i] * gain_[i];
      sum += x[i];
    }
    sum *= 2.0f / static_cast<float>(lines);
    for (std::size_t i = 0; i < lines; ++i)
      lines_[i].memory[at_ & lines_[i].mask] = x[i] - sum + (i % 2 == 0 ? in_left : in_right);
    block.left[n] = 0.35f * (x[0] - x[2] + x[4] - x[6] + 0.5f * (x[1] + x[5]));
    block.right[n] = 0.35f * (x[1] - x[3] + x[5] - x[7] + 0.5f * (x[0] + x[4]));
  }
}

}  // namespace son1k::music::render
