// Synthetic signals and independent measurements for the tests of the signal chain.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "music/render/audio.hpp"

namespace son1k::test {

inline constexpr double rate = 48000.0;

inline music::render::stereo_buffer sine(double hz, double amplitude, double seconds,
                                         double phase = 0.0) {
  music::render::stereo_buffer out(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double t = static_cast<double>(i) / rate;
    out.left[i] = static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * t + phase));
    out.right[i] = out.left[i];
  }
  return out;
}

inline music::render::stereo_buffer noise(double amplitude, double seconds) {
  music::render::stereo_buffer out(static_cast<std::size_t>(seconds * rate));
  std::uint32_t state = 12345;
  const auto next = [&] {
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(amplitude * (static_cast<double>(state) / 2147483648.0 - 1.0));
  };
  for (std::size_t i = 0; i < out.size(); ++i) out.left[i] = next(), out.right[i] = next();
  return out;
}

inline double rms(std::span<const float> v) {
  double sum = 0;
  for (const float x : v) sum += static_cast<double>(x) * static_cast<double>(x);
  return v.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(v.size()));
}

// The largest value of the continuous signal, by direct band-limited interpolation: 16 places a
// sample, 64 taps with a Hann window. Slow and independent of the code under test.
inline double continuous_peak(std::span<const float> v) {
  double peak = 0;
  const auto n = static_cast<std::ptrdiff_t>(v.size());
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    double near = 0;
    for (std::ptrdiff_t k = i - 2; k <= i + 2; ++k)
      if (k >= 0 && k < n)
        near = std::max(near, std::abs(static_cast<double>(v[static_cast<std::size_t>(k)])));
    if (near < 0.6 * peak) continue;
    for (int step = 0; step < 16; ++step) {
      double sum = 0;
      for (std::ptrdiff_t k = i - 31; k <= i + 32; ++k) {
        if (k < 0 || k >= n) continue;
        const double x = static_cast<double>(i - k) + step / 16.0;
        const double sinc = x == 0 ? 1.0 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
        const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * x / 33.0);
        sum += static_cast<double>(v[static_cast<std::size_t>(k)]) * sinc * window;
      }
      peak = std::max(peak, std::abs(sum));
    }
  }
  return peak;
}

}  // namespace son1k::test
