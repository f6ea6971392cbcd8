#include "key_listener.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace son1k::test {
namespace {

constexpr std::size_t group = 4;  // samples averaged to one
constexpr std::size_t window = 8192;
constexpr double rate = 44100.0 / group;

using profile = std::array<double, 12>;
struct peak {
  double hertz, size;
};

void fourier(std::vector<std::complex<double>>& x) {
  const auto n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    auto bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t size = 2; size <= n; size *= 2) {
    const auto turn = std::polar(1.0, -2.0 * std::numbers::pi / static_cast<double>(size));
    for (std::size_t at = 0; at < n; at += size) {
      std::complex<double> w = 1.0;
      for (std::size_t k = 0; k < size / 2; ++k, w *= turn) {
        const auto a = x[at + k], b = x[at + k + size / 2] * w;
        x[at + k] = a + b;
        x[at + k + size / 2] = a - b;
      }
    }
  }
}

std::vector<peak> peaks_of(std::span<const double> samples) {
  std::vector<std::complex<double>> x(window);
  for (std::size_t i = 0; i < window; ++i)
    x[i] = samples[i] * (0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(i) /
                                              static_cast<double>(window)));
  fourier(x);
  std::vector<double> m(window / 2);
  for (std::size_t i = 0; i < m.size(); ++i) m[i] = std::abs(x[i]);
  const double loudest = *std::max_element(m.begin(), m.end());
  std::vector<peak> out;
  if (loudest < 1e-3) return out;
  for (std::size_t i = 2; i + 2 < m.size(); ++i) {
    if (m[i] <= m[i - 1] || m[i] < m[i + 1] || m[i] < 0.003 * loudest) continue;
    const double bend = (m[i - 1] - m[i + 1]) / (2.0 * (m[i - 1] - 2.0 * m[i] + m[i + 1]));
    const double hertz = (static_cast<double>(i) + bend) * rate / static_cast<double>(window);
    // From below the lowest string of a bass (E1, 41.2 Hz): a note left out here would leave its
    // overtones, the fifth first, as notes of their own.
    if (hertz >= 38.0 && hertz <= 3000.0) out.push_back({hertz, std::pow(m[i] / loudest, 0.75)});
  }
  return out;
}

// Takes from each peak what a lower one explains as its 2nd to 8th overtone.
void take_overtones_out(std::vector<peak>& peaks) {
  for (std::size_t i = 0; i < peaks.size(); ++i) {
    double explained = 0.0;
    for (std::size_t j = 0; j < i; ++j) {
      const double ratio = peaks[i].hertz / peaks[j].hertz, whole = std::round(ratio);
      if (whole < 2 || whole > 8 || std::abs(1200.0 * std::log2(ratio / whole)) > 35.0) continue;
      explained = std::max(explained, peaks[j].size * std::pow(0.7, whole - 1.0));
    }
    peaks[i].size = std::max(0.0, peaks[i].size - explained);
  }
}

double correlation(const profile& heard, const profile& key, std::size_t tonic) {
  double mean_a = 0, mean_b = 0, ab = 0, aa = 1e-30, bb = 1e-30;
  for (std::size_t i = 0; i < 12; ++i) mean_a += heard[i] / 12.0, mean_b += key[i] / 12.0;
  for (std::size_t i = 0; i < 12; ++i) {
    const double a = heard[(i + tonic) % 12] - mean_a, b = key[i] - mean_b;
    ab += a * b, aa += a * a, bb += b * b;
  }
  return ab / std::sqrt(aa * bb);
}

constexpr std::array<profile, 2> kessler = {
    profile{6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
    profile{6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17}};
constexpr std::array<profile, 2> temperley = {
    profile{5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0},
    profile{5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0}};

}  // namespace

key_estimate key_without_overtones(std::span<const float> mono) {
  std::vector<double> thin;
  for (std::size_t i = 0; i + group <= mono.size(); i += group) {
    double sum = 0;
    for (std::size_t k = 0; k < group; ++k) sum += static_cast<double>(mono[i + k]);
    thin.push_back(sum / group);
  }
  profile heard{};
  for (std::size_t at = 0; at + window <= thin.size(); at += window / 2) {
    auto peaks = peaks_of(std::span(thin).subspan(at, window));
    take_overtones_out(peaks);
    for (const auto& p : peaks) {
      const double pitch = 69.0 + 12.0 * std::log2(p.hertz / 440.0);
      if (std::abs(pitch - std::round(pitch)) > 0.35) continue;
      heard[static_cast<std::size_t>(std::lround(pitch)) % 12] += p.size;
    }
  }
  key_estimate best;
  double highest = -9.0;
  for (std::size_t tonic = 0; tonic < 12; ++tonic)
    for (std::size_t minor = 0; minor < 2; ++minor) {
      const double score =
          correlation(heard, kessler[minor], tonic) + correlation(heard, temperley[minor], tonic);
      if (score > highest) {
        best = {static_cast<int>(tonic), minor == 1, std::max(0.0, score - highest)};
        highest = score;
      }
    }
  return best;
}

}  // namespace son1k::test
