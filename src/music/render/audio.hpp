// Sound in memory: planar stereo floats, 1.0 is full scale. Owned by the caller.
#pragma once
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace son1k::music::render {

// Views of one stretch of stereo sound; both spans have the same length.
struct stereo_view {
  std::span<float> left;
  std::span<float> right;
  std::size_t size() const { return left.size(); }
  stereo_view part(std::size_t from, std::size_t count) const {
    return {left.subspan(from, count), right.subspan(from, count)};
  }
};

struct stereo_buffer {
  stereo_buffer() = default;
  explicit stereo_buffer(std::size_t frames) : left(frames), right(frames) {}
  std::size_t size() const { return left.size(); }
  stereo_view view() { return {left, right}; }
  void clear() {
    std::fill(left.begin(), left.end(), 0.0f);
    std::fill(right.begin(), right.end(), 0.0f);
  }
  std::vector<float> left;
  std::vector<float> right;
};

inline double from_db(double db) {
  return std::pow(10.0, db / 20.0);
}
inline double to_db(double linear) {
  return 20.0 * std::log10(linear > 1e-12 ? linear : 1e-12);
}

}  // namespace son1k::music::render
