#include "music/render/loudness.hpp"

#include <ebur128.h>

#include <algorithm>
#include <numbers>

namespace son1k::music::render {
namespace {

constexpr double silence_lufs = -120.0;
constexpr std::size_t batch = 256;  // samples whose oversampled values are held at a time

double finite(double lufs) {
  return std::isfinite(lufs) ? lufs : silence_lufs;
}
double power_of(double lufs) {
  return std::pow(10.0, (lufs + 0.691) / 10.0);
}
double lufs_of(double power) {
  return power > 0 ? -0.691 + 10.0 * std::log10(power) : silence_lufs;
}

double mean_power_above(std::span<const double> blocks, double gate) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const double b : blocks) {
    if (b < gate) continue;
    sum += power_of(b);
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

}  // namespace

struct loudness_meter::state {
  explicit state(int sample_rate)
      : tenth(static_cast<std::size_t>(sample_rate) / 10),
        meter(ebur128_init(2, static_cast<unsigned long>(sample_rate), EBUR128_MODE_I)) {}
  ~state() { ebur128_destroy(&meter); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  std::size_t tenth;      // frames of 100 ms
  std::size_t added = 0;  // frames
  ebur128_state* meter;
  std::vector<float> interleaved;
};

loudness_meter::loudness_meter(int sample_rate) : state_(std::make_unique<state>(sample_rate)) {}
loudness_meter::~loudness_meter() = default;
loudness_meter::loudness_meter(loudness_meter&&) noexcept = default;
loudness_meter& loudness_meter::operator=(loudness_meter&&) noexcept = default;

void loudness_meter::add(stereo_view block) {
  auto& s = *state_;
  for (std::size_t at = 0; at < block.size();) {
    const auto count = std::min(block.size() - at, s.tenth - s.added % s.tenth);
    s.interleaved.resize(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      s.interleaved[2 * i] = block.left[at + i];
      s.interleaved[2 * i + 1] = block.right[at + i];
    }
    ebur128_add_frames_float(s.meter, s.interleaved.data(), count);
    at += count;
    s.added += count;
    if (s.added % s.tenth != 0 || s.added < 4 * s.tenth) continue;
    double momentary = silence_lufs;
    ebur128_loudness_momentary(s.meter, &momentary);
    blocks_.push_back(finite(momentary));
  }
}

double loudness_meter::integrated_lufs() const {
  double lufs = silence_lufs;
  ebur128_loudness_global(state_->meter, &lufs);
  return finite(lufs);
}

double gated_loudness(std::span<const double> blocks) {
  constexpr double absolute_gate = -70.0;
  const double ungated = mean_power_above(blocks, absolute_gate);
  if (ungated <= 0.0) return silence_lufs;
  const double relative_gate = std::max(absolute_gate, lufs_of(ungated) - 10.0);
  return lufs_of(mean_power_above(blocks, relative_gate));
}

oversampler::oversampler() {
  constexpr double half = static_cast<double>(taps) / 2.0;
  for (std::size_t p = 0; p < phases_.size(); ++p) {
    const double offset = static_cast<double>(p + 1) / 4.0;
    double sum = 0.0;
    std::array<double, taps> h{};
    for (std::size_t k = 0; k < taps; ++k) {
      // Tap k meets sample n - 5 + k; the wanted place is n + offset.
      const double x = static_cast<double>(k) - (half - 1.0) - offset;
      const double sinc = std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
      const double window = 0.42 + 0.5 * std::cos(std::numbers::pi * x / half) +
                            0.08 * std::cos(2.0 * std::numbers::pi * x / half);
      h[k] = sinc * window;
      sum += h[k];
    }
    for (std::size_t k = 0; k < taps; ++k) phases_[p][k] = static_cast<float>(h[k] / sum);
  }
}

void oversampler::peaks(std::span<const float> samples, std::size_t hop,
                        std::span<float> peaks) const {
  constexpr std::size_t before = taps / 2 - 1;
  std::array<float, batch + taps> window;
  std::array<float, batch> loudest, value;
  for (std::size_t at = 0; at < samples.size(); at += batch) {
    const auto count = std::min(batch, samples.size() - at);
    for (std::size_t i = 0; i < window.size(); ++i) {
      const auto from = at + i - before;  // wraps below the start, so it is outside as well
      window[i] = from < samples.size() ? samples[from] : 0.0f;
    }
    for (std::size_t i = 0; i < batch; ++i) loudest[i] = std::abs(window[i + before]);
    for (const auto& phase : phases_) {
      value.fill(0.0f);
      for (std::size_t k = 0; k < taps; ++k)
        for (std::size_t i = 0; i < batch; ++i) value[i] += phase[k] * window[i + k];
      for (std::size_t i = 0; i < batch; ++i) loudest[i] = std::max(loudest[i], std::abs(value[i]));
    }
    for (std::size_t i = 0; i < count; ++i) {
      float& peak = peaks[(at + i) / hop];
      peak = std::max(peak, loudest[i]);
    }
  }
}

double true_peak(stereo_view signal) {
  const oversampler o;
  float peak = 0.0f;
  const auto all = std::max<std::size_t>(signal.size(), 1);
  o.peaks(signal.left, all, {&peak, 1});
  o.peaks(signal.right, all, {&peak, 1});
  return peak;
}

}  // namespace son1k::music::render
