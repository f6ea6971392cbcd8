#include "support/music_analysis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace son1k::test {
namespace {

using spectrum = std::vector<std::complex<double>>;

// In place, radix two; the size is a power of two.
void fourier(spectrum& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t size = 2; size <= n; size *= 2) {
    const double angle = -2.0 * std::numbers::pi / static_cast<double>(size);
    const std::complex<double> turn(std::cos(angle), std::sin(angle));
    for (std::size_t start = 0; start < n; start += size) {
      std::complex<double> w(1.0);
      for (std::size_t k = 0; k < size / 2; ++k, w *= turn) {
        const auto a = x[start + k];
        const auto b = x[start + k + size / 2] * w;
        x[start + k] = a + b;
        x[start + k + size / 2] = a - b;
      }
    }
  }
}

struct signal {
  std::vector<double> samples;
  double rate = 0.0;
};

// Averages whole groups of samples down to 10 to 16 kHz: enough for pitch and pulse.
signal thinned(std::span<const float> mono, int sample_rate) {
  const std::size_t group = static_cast<std::size_t>(std::max(1, sample_rate / 11000));
  signal out;
  out.rate = static_cast<double>(sample_rate) / static_cast<double>(group);
  for (std::size_t i = 0; i + group <= mono.size(); i += group) {
    double sum = 0.0;
    for (std::size_t k = 0; k < group; ++k) sum += static_cast<double>(mono[i + k]);
    out.samples.push_back(sum / static_cast<double>(group));
  }
  return out;
}

std::vector<double> magnitudes(const signal& s, std::size_t start, std::size_t size) {
  spectrum frame(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double phase =
        2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(size);
    frame[i] = s.samples[start + i] * (0.5 - 0.5 * std::cos(phase));
  }
  fourier(frame);
  std::vector<double> out(size / 2);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::abs(frame[i]);
  return out;
}

using profile = std::array<double, 12>;

// Peaks of the spectrum between 60 and 2000 Hz, each to its pitch class, against the loudest of the
// frame, so that quiet passages count as much as loud ones.
profile chroma_of(const signal& s) {
  constexpr std::size_t size = 8192;
  profile sum{};
  for (std::size_t start = 0; start + size <= s.samples.size(); start += size / 2) {
    const std::vector<double> m = magnitudes(s, start, size);
    const double loudest = *std::max_element(m.begin(), m.end());
    if (loudest < 1e-3) continue;
    profile frame{};
    for (std::size_t i = 2; i + 2 < m.size(); ++i) {
      if (m[i] <= m[i - 1] || m[i] < m[i + 1] || m[i] < loudest * 0.01) continue;
      const double bend = (m[i - 1] - m[i + 1]) / (2.0 * (m[i - 1] - 2.0 * m[i] + m[i + 1]));
      const double hertz = (static_cast<double>(i) + bend) * s.rate / static_cast<double>(size);
      if (hertz < 60.0 || hertz > 2000.0) continue;
      // A peak may be a harmonic: it also speaks, more and more softly, for the notes below.
      double weight = m[i] / loudest;
      for (int harmonic = 1; harmonic <= 5; ++harmonic, weight *= 0.6) {
        const double pitch = 69.0 + 12.0 * std::log2(hertz / harmonic / 440.0);
        if (pitch < 28.0 || std::fabs(pitch - std::round(pitch)) > 0.35) continue;
        frame[static_cast<std::size_t>(std::lround(pitch) % 12)] += weight;
      }
    }
    for (std::size_t pc = 0; pc < 12; ++pc) sum[pc] += frame[pc];
  }
  return sum;
}

double correlation(const profile& a, const profile& b, std::size_t turn) {
  double mean_a = 0.0;
  double mean_b = 0.0;
  for (std::size_t i = 0; i < 12; ++i) {
    mean_a += a[i] / 12.0;
    mean_b += b[i] / 12.0;
  }
  double ab = 0.0;
  double aa = 0.0;
  double bb = 0.0;
  for (std::size_t i = 0; i < 12; ++i) {
    const double x = a[(i + turn) % 12] - mean_a;
    const double y = b[i] - mean_b;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0.0 && bb > 0.0 ? ab / std::sqrt(aa * bb) : 0.0;
}

constexpr profile kessler_major{6.35, 2.23, 3.48, 2.33, 4.38, 4.09,
                                2.52, 5.19, 2.39, 3.66, 2.29, 2.88};
constexpr profile kessler_minor{6.33, 2.68, 3.52, 5.38, 2.60, 3.53,
                                2.54, 4.75, 3.98, 2.69, 3.34, 3.17};
constexpr profile temperley_major{5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0};
constexpr profile temperley_minor{5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0};

constexpr std::size_t onset_hop = 128;

// How much each frame grew over the one before, on a logarithmic scale.
std::vector<double> onset_strength(const signal& s) {
  constexpr std::size_t size = 1024;
  std::vector<double> flux;
  std::vector<double> before(size / 2, 0.0);
  for (std::size_t start = 0; start + size <= s.samples.size(); start += onset_hop) {
    std::vector<double> m = magnitudes(s, start, size);
    double rise = 0.0;
    for (std::size_t i = 1; i < m.size(); ++i) {
      m[i] = std::log1p(10.0 * m[i]);
      rise += std::max(0.0, m[i] - before[i]);
    }
    flux.push_back(rise);
    before = std::move(m);
  }
  // Against a moving mean, so that swells do not count as onsets.
  std::vector<double> out(flux.size());
  constexpr std::size_t reach = 40;
  for (std::size_t i = 0; i < flux.size(); ++i) {
    const std::size_t from = i > reach ? i - reach : 0;
    const std::size_t to = std::min(flux.size(), i + reach);
    double mean = 0.0;
    for (std::size_t k = from; k < to; ++k) mean += flux[k];
    out[i] = std::max(0.0, flux[i] - mean / static_cast<double>(to - from));
  }
  return out;
}

std::vector<double> autocorrelation(const std::vector<double>& x, std::size_t lags) {
  std::vector<double> out(lags, 0.0);
  for (std::size_t lag = 1; lag < lags && lag < x.size(); ++lag) {
    for (std::size_t i = lag; i < x.size(); ++i) out[lag] += x[i] * x[i - lag];
    out[lag] /= static_cast<double>(x.size() - lag);
  }
  return out;
}

// The strength of a period counted in frames, between the lags.
double at_lag(const std::vector<double>& a, double lag) {
  const auto low = static_cast<std::size_t>(lag);
  if (low + 1 >= a.size()) return 0.0;
  const double part = lag - static_cast<double>(low);
  return a[low] * (1.0 - part) + a[low + 1] * part;
}

double pulse_strength(const std::vector<double>& a, double lag) {
  return at_lag(a, lag) + 0.6 * at_lag(a, 2 * lag) + 0.5 * at_lag(a, 4 * lag) +
         0.3 * at_lag(a, 8 * lag);
}

}  // namespace

key_estimate estimate_key(std::span<const float> mono, int sample_rate) {
  const profile chroma = chroma_of(thinned(mono, sample_rate));
  key_estimate best;
  double first = -2.0;
  double second = -2.0;
  for (std::size_t tonic = 0; tonic < 12; ++tonic) {
    for (bool minor : {false, true}) {
      const double fit = correlation(chroma, minor ? kessler_minor : kessler_major, tonic) +
                         correlation(chroma, minor ? temperley_minor : temperley_major, tonic);
      if (fit > first) {
        second = first;
        first = fit;
        best.tonic = static_cast<int>(tonic);
        best.minor = minor;
      } else {
        second = std::max(second, fit);
      }
    }
  }
  best.confidence = first - second;
  return best;
}

double estimate_bpm(std::span<const float> mono, int sample_rate) {
  const signal s = thinned(mono, sample_rate);
  const std::vector<double> onsets = onset_strength(s);
  const double frames_per_minute = 60.0 * s.rate / static_cast<double>(onset_hop);
  const auto longest = static_cast<std::size_t>(frames_per_minute / 40.0 * 8.0) + 2;
  const std::vector<double> a = autocorrelation(onsets, std::min(longest, onsets.size()));
  double best = 0.0;
  double best_score = 0.0;
  for (double bpm = 40.0; bpm <= 240.0; bpm += 0.1) {
    // Listeners lean to tempi near 110.
    const double octaves = std::log2(bpm / 110.0);
    const double lean = std::exp(-0.5 * octaves * octaves);
    const double score = pulse_strength(a, frames_per_minute / bpm) * lean;
    if (score > best_score) {
      best_score = score;
      best = bpm;
    }
  }
  return best;
}

bool same_tempo(double estimate, double asked, double tolerance, bool compound) {
  std::vector<double> factors{0.25, 0.5, 1.0, 2.0, 4.0};
  if (compound) {
    for (double f : {1.0 / 3.0, 2.0 / 3.0, 0.75, 1.5, 3.0}) factors.push_back(f);
  }
  return std::any_of(factors.begin(), factors.end(), [&](double f) {
    return std::fabs(estimate - asked * f) <= asked * f * tolerance;
  });
}

std::string key_text(const key_estimate& k) {
  constexpr std::array<const char*, 12> names{"C",  "C#", "D",  "Eb", "E",  "F",
                                              "F#", "G",  "Ab", "A",  "Bb", "B"};
  return std::string(names[static_cast<std::size_t>(k.tonic)]) + (k.minor ? " minor" : " major");
}

}  // namespace son1k::test
