#include "music/render/limiter.hpp"

#include <algorithm>
#include <deque>

#include "music/render/loudness.hpp"

namespace son1k::music::render {
namespace {

constexpr double look_ahead_seconds = 0.004;
constexpr double release_seconds = 0.09;

// out[k] = min of in[k - 1 .. k + ahead], clipped to the ends: one hop back because the gain glides
// from one hop to the next.
std::vector<float> smallest_ahead(const std::vector<float>& in, std::size_t ahead) {
  std::vector<float> out(in.size());
  std::deque<std::size_t> rising;
  std::size_t next = 0;
  for (std::size_t k = 0; k < in.size(); ++k) {
    for (; next < in.size() && next <= k + ahead; ++next) {
      while (!rising.empty() && in[rising.back()] >= in[next]) rising.pop_back();
      rising.push_back(next);
    }
    while (rising.front() + 1 < k) rising.pop_front();
    out[k] = in[rising.front()];
  }
  return out;
}

}  // namespace

limiter::limiter(stereo_view signal, int sample_rate)
    : peaks_((signal.size() + hop - 1) / hop + 1, 0.0f),
      ahead_(static_cast<std::size_t>(look_ahead_seconds * sample_rate) / hop),
      release_(static_cast<float>(
          1.0 - std::exp(-static_cast<double>(hop) / (release_seconds * sample_rate)))) {
  const oversampler o;
  o.peaks(signal.left, hop, peaks_);
  o.peaks(signal.right, hop, peaks_);
}

std::vector<float> limiter::curve(double gain, double ceiling) const {
  std::vector<float> need(peaks_.size());
  for (std::size_t k = 0; k < need.size(); ++k) {
    const double peak = gain * static_cast<double>(peaks_[k]);
    need[k] = peak > ceiling ? static_cast<float>(ceiling / peak) : 1.0f;
  }
  auto held = smallest_ahead(need, ahead_);
  for (std::size_t k = 1; k < held.size(); ++k)
    held[k] = std::min(held[k], held[k - 1] + (1.0f - held[k - 1]) * release_);
  // The mean of the last `ahead_ + 1` values: each is at most what hop k needs, so their mean is.
  std::vector<float> out(held.size());
  double sum = 0.0;
  for (std::size_t k = 0; k < held.size(); ++k) {
    sum += static_cast<double>(held[k]);
    if (k > ahead_) sum -= static_cast<double>(held[k - ahead_ - 1]);
    out[k] = static_cast<float>(sum / static_cast<double>(std::min(k, ahead_) + 1));
  }
  return out;
}

void limiter::apply(stereo_view block, std::size_t from, double gain,
                    std::span<const float> curve) {
  const auto g = static_cast<float>(gain);
  for (std::size_t at = 0; at < block.size();) {
    const auto k = (from + at) / hop, inside = (from + at) % hop;
    const auto count = std::min(hop - inside, block.size() - at);
    const float slope = (curve[k + 1] - curve[k]) / static_cast<float>(hop);
    float now = curve[k] + slope * static_cast<float>(inside);
    for (std::size_t i = at; i < at + count; ++i, now += slope) {
      block.left[i] *= g * now;
      block.right[i] *= g * now;
    }
    at += count;
  }
}

double limiter::peak() const {
  return static_cast<double>(*std::max_element(peaks_.begin(), peaks_.end()));
}

}  // namespace son1k::music::render
