#include "music/render/levels.hpp"

#include <algorithm>
#include <map>

#include "music/render/loudness.hpp"
#include "music/render/strip.hpp"
#include "music/render/synth.hpp"

namespace son1k::music::render {
namespace {

constexpr double excerpt_seconds = 3.0;
constexpr double usual_velocity = 88.0;
// Half of what soft playing takes from the level is given back by the fader; the rest stays heard.
constexpr double velocity_kept = 12.0;  // dB for a ratio of ten
constexpr double gain_db_most = 30.0;
constexpr double inaudible_lufs = -90.0;

double loudest_block(const loudness_meter& m) {
  const auto& b = m.blocks();
  return b.empty() ? -120.0 : gated_loudness(b);
}

double velocity_db(const track& t) {
  double sum = 0.0;
  for (const auto& n : t.notes) sum += n.velocity;
  if (t.notes.empty()) return 0.0;
  const double mean = sum / static_cast<double>(t.notes.size());
  return velocity_kept * std::log10(std::max(mean, 1.0) / usual_velocity);
}

}  // namespace

result<std::vector<double>> track_gains(const score& s, const timeline& line,
                                        const mix_settings& settings, std::stop_token stop) {
  const auto excerpt = busiest_excerpts(line, excerpt_seconds, settings.sample_rate);
  auto engine = synth::open(settings.font, s, excerpt, settings.sample_rate, quality::standard);
  if (!engine) return engine.error();
  std::vector<loudness_meter> meters;
  for (std::size_t i = 0; i < s.tracks.size(); ++i) meters.emplace_back(settings.sample_rate);
  std::vector<stereo_buffer> buses(line.buses.size(), stereo_buffer(block_frames));
  stereo_buffer sum(block_frames);
  for (std::int64_t at = 0; at < excerpt.frames; at += block_frames) {
    if (stop.stop_requested()) return error{errc::cancelled, "the rendering was cancelled"};
    engine->render(buses, block_frames);
    for (std::size_t b = 0; b < buses.size();) {
      const auto track = line.buses[b].track;
      sum = buses[b];
      for (++b; b < buses.size() && line.buses[b].track == track; ++b)
        for (std::size_t i = 0; i < block_frames; ++i) {
          sum.left[i] += buses[b].left[i];
          sum.right[i] += buses[b].right[i];
        }
      meters[track].add(sum.view());
    }
  }
  std::map<stem, int> of_role;
  for (const auto& t : s.tracks) ++of_role[t.role];
  std::vector<double> gains(s.tracks.size(), 0.0);
  for (std::size_t i = 0; i < gains.size(); ++i) {
    const auto& t = s.tracks[i];
    const double lufs = loudest_block(meters[i]);
    if (lufs < inaudible_lufs) continue;
    // Tracks that share a role share its level, so that it does not grow with their number.
    const double shared = -6.0 * std::log10(static_cast<double>(of_role[t.role]));
    const double wanted = sound_of(t.role, kit_part::whole).level_lufs + shared + velocity_db(t);
    gains[i] = from_db(std::clamp(wanted - lufs, -gain_db_most, gain_db_most) + t.gain_db);
  }
  return gains;
}

}  // namespace son1k::music::render
