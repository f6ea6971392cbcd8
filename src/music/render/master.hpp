// Mastering: brings a whole mix to its loudness under a true-peak ceiling. Works in place on the
// caller's buffer; deterministic; no shared state.
#pragma once
#include <functional>
#include <stop_token>

#include "base/error.hpp"
#include "music/render/audio.hpp"

namespace son1k::music::render {

inline constexpr double target_lufs = -14.0;
// Lossy codecs overshoot by up to about a decibel; what is delivered stays at or below -1 dBTP.
inline constexpr double ceiling_dbtp = -2.0;
inline constexpr double delivered_peak_dbtp = -1.0;

struct master_goal {
  double lufs = target_lufs;
  double peak_dbtp = ceiling_dbtp;
};

// Finds the gain with which the limited signal has the wanted loudness, and applies both. Errors:
// cancelled; internal if the signal is silent.
result<void> master(stereo_view mix, int sample_rate, const master_goal& goal, std::stop_token stop,
                    const std::function<void(double)>& progress = {});

}  // namespace son1k::music::render
