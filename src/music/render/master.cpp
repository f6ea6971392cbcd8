#include "music/render/master.hpp"

#include <algorithm>

#include "music/render/denormals.hpp"
#include "music/render/limiter.hpp"
#include "music/render/loudness.hpp"

namespace son1k::music::render {
namespace {

constexpr std::size_t chunk = 1 << 16;  // frames between two looks at the stop token
constexpr int tries = 16;
constexpr double close_enough_lu = 0.01;
constexpr double gain_db_range = 40.0;
constexpr double silent_mix_lufs = -69.0;

// What the limiter's curve takes from each 400 ms block, added to the block's own loudness.
std::vector<double> limited_blocks(const std::vector<double>& blocks, std::span<const float> curve,
                                   double gain_db, int sample_rate) {
  const double hops_per_block = 0.1 * sample_rate / static_cast<double>(limiter::hop);
  std::vector<double> sums(curve.size() + 1, 0.0);
  for (std::size_t k = 0; k < curve.size(); ++k) {
    const auto g = static_cast<double>(curve[k]);
    sums[k + 1] = sums[k] + g * g;
  }
  std::vector<double> out(blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const auto from = static_cast<std::size_t>(static_cast<double>(b) * hops_per_block);
    const auto to = static_cast<std::size_t>(static_cast<double>(b + 4) * hops_per_block);
    const auto last = std::min(to, curve.size()), first = std::min(from, last - 1);
    const double mean = (sums[last] - sums[first]) / static_cast<double>(last - first);
    out[b] = blocks[b] + gain_db + 10.0 * std::log10(mean);
  }
  return out;
}

}  // namespace

result<void> master(stereo_view mix, int sample_rate, const master_goal& goal, std::stop_token stop,
                    const std::function<void(double)>& progress) {
  const no_denormals quick;
  const auto stopped = [&] { return error{errc::cancelled, "the mastering was cancelled"}; };
  loudness_meter meter(sample_rate);
  for (std::size_t at = 0; at < mix.size(); at += chunk) {
    if (stop.stop_requested()) return stopped();
    meter.add(mix.part(at, std::min(chunk, mix.size() - at)));
    if (progress) progress(0.5 * static_cast<double>(at) / static_cast<double>(mix.size()));
  }
  if (meter.integrated_lufs() < silent_mix_lufs) return error{errc::internal, "the mix is silent"};

  const limiter limit(mix, sample_rate);
  const double ceiling = from_db(goal.peak_dbtp);
  double gain_db = goal.lufs - meter.integrated_lufs();
  std::vector<float> curve;
  for (int i = 0; i < tries; ++i) {
    if (stop.stop_requested()) return stopped();
    gain_db = std::clamp(gain_db, -gain_db_range, gain_db_range);
    curve = limit.curve(from_db(gain_db), ceiling);
    const auto now = gated_loudness(limited_blocks(meter.blocks(), curve, gain_db, sample_rate));
    if (std::abs(goal.lufs - now) < close_enough_lu) break;
    // The louder it is driven, the more the limiter takes: step a little further than the gap.
    gain_db += 1.15 * (goal.lufs - now);
  }
  for (std::size_t at = 0; at < mix.size(); at += chunk) {
    if (stop.stop_requested()) return stopped();
    limiter::apply(mix.part(at, std::min(chunk, mix.size() - at)), at, from_db(gain_db), curve);
    if (progress) progress(0.5 + 0.5 * static_cast<double>(at) / static_cast<double>(mix.size()));
  }
  return {};
}

}  // namespace son1k::music::render
