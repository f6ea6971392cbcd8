// Loudness (ITU-R BS.1770-4 through libebur128) and true peak (four times oversampled, BS.1770-4
// annex 2). Pure but for the meter's own state; one owner, one thread.
#pragma once
#include <array>
#include <memory>

#include "music/render/audio.hpp"

namespace son1k::music::render {

// Integrated loudness of what was added, and of each 400 ms block (a new one every 100 ms).
class loudness_meter {
 public:
  explicit loudness_meter(int sample_rate);
  ~loudness_meter();
  loudness_meter(loudness_meter&&) noexcept;
  loudness_meter& operator=(loudness_meter&&) noexcept;

  void add(stereo_view block);
  double integrated_lufs() const;  // -inf dB is reported as -120
  // Loudness of the k-th block, LUFS; block k covers [k, k + 4) * 100 ms.
  const std::vector<double>& blocks() const { return blocks_; }

 private:
  struct state;
  std::unique_ptr<state> state_;
  std::vector<double> blocks_;
};

// Gated loudness of 400 ms blocks: what BS.1770 makes of them.
double gated_loudness(std::span<const double> blocks);

// Four times oversampling by a polyphase filter of 12 taps a phase.
class oversampler {
 public:
  static constexpr std::size_t taps = 12;
  oversampler();
  // The highest absolute value between and on the samples, for each `hop` frames of `samples`
  // (both channels of a stereo signal share `peaks`, which holds the larger). Samples outside the
  // signal count as silence.
  void peaks(std::span<const float> samples, std::size_t hop, std::span<float> peaks) const;

 private:
  std::array<std::array<float, taps>, 3> phases_;  // at 1/4, 1/2 and 3/4 between two samples
};

// Linear true peak of a whole signal.
double true_peak(stereo_view signal);

}  // namespace son1k::music::render
