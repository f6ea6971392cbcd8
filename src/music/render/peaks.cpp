#include "music/render/peaks.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

namespace son1k::music::render {
namespace {

constexpr double points_per_second_most = 20.0;

double milliseconds(double seconds) {
  return std::round(seconds * 1000.0) / 1000.0;
}

int scaled(float x) {
  return static_cast<int>(std::lround(std::clamp(x, -1.0f, 1.0f) * 127.0f));
}

template <class Mark>
boost::json::object span_of(const score& s, const Mark& m, double duration) {
  const double start = std::min(seconds_of(s, m.tick), duration);
  const double end = std::min(seconds_of(s, m.tick + m.duration), duration);
  return {{"start", milliseconds(start)}, {"end", milliseconds(end)}};
}

}  // namespace

boost::json::object peaks_json(stereo_view sound, int sample_rate, const score& s) {
  const auto least = static_cast<std::size_t>(sample_rate / points_per_second_most);
  const auto step =
      std::max({least, (sound.size() + peak_points_max - 1) / peak_points_max, std::size_t{1}});
  boost::json::array peaks;
  for (std::size_t at = 0; at < sound.size(); at += step) {
    const auto part = sound.part(at, std::min(step, sound.size() - at));
    const auto [l0, l1] = std::minmax_element(part.left.begin(), part.left.end());
    const auto [r0, r1] = std::minmax_element(part.right.begin(), part.right.end());
    peaks.push_back(scaled(std::min(*l0, *r0)));
    peaks.push_back(scaled(std::max(*l1, *r1)));
  }
  const double duration = static_cast<double>(sound.size()) / sample_rate;
  boost::json::array sections, chords;
  for (const auto& m : s.sections) {
    auto o = span_of(s, m, duration);
    o["name"] = m.name;
    o["energy"] = m.energy;
    sections.push_back(std::move(o));
  }
  for (const auto& m : s.chords) {
    auto o = span_of(s, m, duration);
    o["symbol"] = m.symbol;
    chords.push_back(std::move(o));
  }
  return {{"version", 1},
          {"channels", 1},
          {"sampleRate", sample_rate},
          {"samplesPerPoint", step},
          {"pointsPerSecond", static_cast<double>(sample_rate) / static_cast<double>(step)},
          {"duration", milliseconds(duration)},
          {"bits", 8},
          {"length", peaks.size() / 2},
          {"peaks", std::move(peaks)},
          {"sections", std::move(sections)},
          {"chords", std::move(chords)}};
}

}  // namespace son1k::music::render
