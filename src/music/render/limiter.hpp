// A look-ahead true-peak limiter for a whole signal. The peaks are found once (four times
// oversampled, one figure a hop), so that trying another gain costs almost nothing. Owned by one
// call; pure otherwise.
#pragma once
#include "music/render/audio.hpp"

namespace son1k::music::render {

class limiter {
 public:
  static constexpr std::size_t hop = 16;  // frames that share one peak figure

  // Keeps figures about `signal`, not the signal.
  limiter(stereo_view signal, int sample_rate);

  // The gain for each hop (and one more at the end) so that `signal` never exceeds `ceiling`
  // (linear) once multiplied by `gain` and these.
  std::vector<float> curve(double gain, double ceiling) const;
  // Multiplies frames [from, from + block.size()) of the signal by gain and curve.
  static void apply(stereo_view block, std::size_t from, double gain, std::span<const float> curve);
  double peak() const;  // linear true peak of the signal

 private:
  std::vector<float> peaks_;
  std::size_t ahead_;  // hops
  float release_;      // share of the way back to 1 in one hop
};

}  // namespace son1k::music::render
