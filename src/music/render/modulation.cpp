#include "music/render/modulation.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

namespace son1k::music::render {
namespace {

constexpr double tau = 2.0 * std::numbers::pi;
constexpr std::size_t glide = 32;  // frames between two settings of a moving delay

float share(double hz, double sample_rate) {
  return static_cast<float>(1.0 - std::exp(-tau * hz / sample_rate));
}

}  // namespace

tempo_delay::tempo_delay(double seconds, double feedback, double sample_rate)
    : left_(static_cast<std::size_t>(std::clamp(seconds, 0.02, 2.0) * sample_rate)),
      right_(left_.size()),
      feedback_(static_cast<float>(feedback)),
      dull_(share(3800.0, sample_rate)),
      thin_(share(240.0, sample_rate)) {}

void tempo_delay::process(stereo_view block) {
  for (std::size_t n = 0; n < block.size(); ++n) {
    const float left = left_[at_], right = right_[at_];
    dull_left_ += (left - dull_left_) * dull_;
    dull_right_ += (right - dull_right_) * dull_;
    thin_left_ += (dull_left_ - thin_left_) * thin_;
    thin_right_ += (dull_right_ - thin_right_) * thin_;
    // The send enters on the left and crosses over at every repeat.
    left_[at_] = 0.5f * (block.left[n] + block.right[n]) + feedback_ * (dull_right_ - thin_right_);
    right_[at_] = dull_left_ - thin_left_;
    at_ = at_ + 1 == left_.size() ? 0 : at_ + 1;
    block.left[n] = left;
    block.right[n] = right;
  }
}

moving_delay::moving_delay(double most_seconds, double sample_rate)
    : memory_(std::bit_ceil(static_cast<std::size_t>(most_seconds * sample_rate) + 4)),
      mask_(memory_.size() - 1) {}

void moving_delay::process(std::span<float> samples, double from, double to) {
  const double slope = (to - from) / static_cast<double>(samples.size());
  double delay = from;
  for (float& x : samples) {
    memory_[at_ & mask_] = x;
    const auto whole = static_cast<std::size_t>(delay);
    const auto rest = static_cast<float>(delay - static_cast<double>(whole));
    const float near = memory_[(at_ - whole) & mask_];
    const float far = memory_[(at_ - whole - 1) & mask_];
    x = near + (far - near) * rest;
    ++at_;
    delay += slope;
  }
}

chorus::chorus(double depth, double sample_rate)
    : rate_(sample_rate), depth_(depth), left_(0.04, sample_rate), right_(0.04, sample_rate) {}

void chorus::process(stereo_view block) {
  wet_left_.assign(block.left.begin(), block.left.end());
  wet_right_.assign(block.right.begin(), block.right.end());
  const auto delay = [&](std::size_t frame, double hz, double phase) {
    const double t = static_cast<double>(frame) / rate_;
    return (0.014 + 0.0035 * std::sin(tau * (hz * t + phase))) * rate_;
  };
  for (std::size_t i = 0; i < block.size(); i += glide) {
    const auto n = std::min(glide, block.size() - i);
    const auto a = at_ + i, b = at_ + i + n;
    left_.process(std::span(wet_left_).subspan(i, n), delay(a, 0.61, 0.0), delay(b, 0.61, 0.0));
    right_.process(std::span(wet_right_).subspan(i, n), delay(a, 0.53, 0.3), delay(b, 0.53, 0.3));
  }
  at_ += block.size();
  const auto wet = static_cast<float>(0.5 * depth_);
  for (std::size_t i = 0; i < block.size(); ++i) {
    // Each side hears the other's voice a little inverted: width without a louder middle.
    block.left[i] += wet * (wet_left_[i] - 0.5f * wet_right_[i]);
    block.right[i] += wet * (wet_right_[i] - 0.5f * wet_left_[i]);
  }
}

tape_drift::tape_drift(double sample_rate)
    : rate_(sample_rate), left_(0.03, sample_rate), right_(0.03, sample_rate) {}

double tape_drift::delay_at(std::size_t frame) const {
  const double t = static_cast<double>(frame) / rate_;
  const double wow = 0.0007 * std::sin(tau * 0.55 * t) + 0.0003 * std::sin(tau * 0.83 * t + 1.0);
  const double flutter = 0.000012 * std::sin(tau * 6.7 * t) + 0.000008 * std::sin(tau * 9.1 * t);
  return (0.004 + wow + flutter) * rate_;
}

void tape_drift::process(stereo_view block) {
  for (std::size_t i = 0; i < block.size(); i += glide) {
    const auto n = std::min(glide, block.size() - i);
    const double from = delay_at(at_ + i), to = delay_at(at_ + i + n);
    left_.process(block.left.subspan(i, n), from, to);
    right_.process(block.right.subspan(i, n), from, to);
  }
  at_ += block.size();
}

}  // namespace son1k::music::render
