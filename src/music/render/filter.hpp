// Second-order filters (Audio EQ Cookbook, R. Bristow-Johnson), two channels at once. A filter is
// owned by one strip and used by one thread. Coefficients and state are doubles: a 25 Hz high pass
// at 48 kHz needs them.
#pragma once
#include "music/render/audio.hpp"

namespace son1k::music::render {

struct biquad_coefficients {
  double b0 = 1.0, b1 = 0.0, b2 = 0.0, a1 = 0.0, a2 = 0.0;  // a0 = 1
  // Gain at `hz`, linear.
  double magnitude(double hz, double sample_rate) const;
};

// `hz` is clamped to below 0.45 of the sample rate; `q` > 0; `db` is the gain of shelf or bell.
biquad_coefficients low_pass(double sample_rate, double hz, double q = 0.7071);
biquad_coefficients high_pass(double sample_rate, double hz, double q = 0.7071);
biquad_coefficients low_shelf(double sample_rate, double hz, double db);
biquad_coefficients high_shelf(double sample_rate, double hz, double db);
biquad_coefficients bell(double sample_rate, double hz, double q, double db);

class biquad {
 public:
  biquad() = default;
  explicit biquad(const biquad_coefficients& c) : c_(c) {}
  void process(stereo_view block);
  void reset() { *this = biquad(c_); }

 private:
  biquad_coefficients c_;
  double left1_ = 0.0, left2_ = 0.0, right1_ = 0.0, right2_ = 0.0;
};

}  // namespace son1k::music::render
