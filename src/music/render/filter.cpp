#include "music/render/filter.hpp"

#include <algorithm>
#include <complex>
#include <numbers>

namespace son1k::music::render {
namespace {

struct prototype {
  double cosine, alpha;
};

prototype at(double sample_rate, double hz, double q) {
  const double w = 2.0 * std::numbers::pi * std::min(hz, 0.45 * sample_rate) / sample_rate;
  return {std::cos(w), std::sin(w) / (2.0 * q)};
}

biquad_coefficients normalised(double b0, double b1, double b2, double a0, double a1, double a2) {
  return {b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0};
}

}  // namespace

double biquad_coefficients::magnitude(double hz, double sample_rate) const {
  const auto z = std::polar(1.0, -2.0 * std::numbers::pi * hz / sample_rate);
  return std::abs((b0 + z * (b1 + z * b2)) / (1.0 + z * (a1 + z * a2)));
}

biquad_coefficients low_pass(double sample_rate, double hz, double q) {
  const auto [c, alpha] = at(sample_rate, hz, q);
  const double b = (1.0 - c) / 2.0;
  return normalised(b, 2.0 * b, b, 1.0 + alpha, -2.0 * c, 1.0 - alpha);
}

biquad_coefficients high_pass(double sample_rate, double hz, double q) {
  const auto [c, alpha] = at(sample_rate, hz, q);
  const double b = (1.0 + c) / 2.0;
  return normalised(b, -2.0 * b, b, 1.0 + alpha, -2.0 * c, 1.0 - alpha);
}

biquad_coefficients low_shelf(double sample_rate, double hz, double db) {
  const auto [c, alpha] = at(sample_rate, hz, 0.7071);
  const double a = std::pow(10.0, db / 40.0);
  const double s = 2.0 * std::sqrt(a) * alpha;
  return normalised(a * (a + 1 - (a - 1) * c + s), 2 * a * (a - 1 - (a + 1) * c),
                    a * (a + 1 - (a - 1) * c - s), a + 1 + (a - 1) * c + s,
                    -2 * (a - 1 + (a + 1) * c), a + 1 + (a - 1) * c - s);
}

biquad_coefficients high_shelf(double sample_rate, double hz, double db) {
  const auto [c, alpha] = at(sample_rate, hz, 0.7071);
  const double a = std::pow(10.0, db / 40.0);
  const double s = 2.0 * std::sqrt(a) * alpha;
  return normalised(a * (a + 1 + (a - 1) * c + s), -2 * a * (a - 1 + (a + 1) * c),
                    a * (a + 1 + (a - 1) * c - s), a + 1 - (a - 1) * c + s,
                    2 * (a - 1 - (a + 1) * c), a + 1 - (a - 1) * c - s);
}

biquad_coefficients bell(double sample_rate, double hz, double q, double db) {
  const auto [c, alpha] = at(sample_rate, hz, q);
  const double a = std::pow(10.0, db / 40.0);
  return normalised(1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a);
}

void biquad::process(stereo_view block) {
  const auto [b0, b1, b2, a1, a2] = c_;
  double l1 = left1_, l2 = left2_, r1 = right1_, r2 = right2_;
  float* left = block.left.data();
  float* right = block.right.data();
  for (std::size_t i = 0; i < block.size(); ++i) {
    const double x = left[i], y = right[i];
    const double lo = b0 * x + l1, ro = b0 * y + r1;
    l1 = b1 * x - a1 * lo + l2;
    r1 = b1 * y - a1 * ro + r2;
    l2 = b2 * x - a2 * lo;
    r2 = b2 * y - a2 * ro;
    left[i] = static_cast<float>(lo);
    right[i] = static_cast<float>(ro);
  }
  left1_ = l1, left2_ = l2, right1_ = r1, right2_ = r2;
}

}  // namespace son1k::music::render
