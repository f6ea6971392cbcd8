// Effects made of moving or repeating delays: the tempo delay, the chorus and the tape's wow and
// flutter. Memory is fixed at construction; one owner, one thread.
#pragma once
#include "music/render/audio.hpp"

namespace son1k::music::render {

// Ping-pong: left repeats after `seconds`, right half a step later. Replaces the send by the wet.
class tempo_delay {
 public:
  tempo_delay(double seconds, double feedback, double sample_rate);
  void process(stereo_view block);

 private:
  std::vector<float> left_, right_;
  std::size_t at_ = 0;
  float feedback_;
  float dull_left_ = 0.0f, dull_right_ = 0.0f, thin_left_ = 0.0f, thin_right_ = 0.0f;
  float dull_, thin_;
};

// A delay line read at a moving place, linearly interpolated at a glide of 16 frames.
class moving_delay {
 public:
  moving_delay() = default;
  moving_delay(double most_seconds, double sample_rate);
  // Delays of the first and the last frame, in frames; both at least 1.
  void process(std::span<float> samples, double from, double to);

 private:
  std::vector<float> memory_;
  std::size_t mask_ = 0, at_ = 0;
};

// Two voices a side; adds them to the block at `depth` 0..1.
class chorus {
 public:
  chorus(double depth, double sample_rate);
  void process(stereo_view block);

 private:
  double rate_, depth_;
  std::size_t at_ = 0;
  moving_delay left_, right_;
  std::vector<float> wet_left_, wet_right_;
};

// Slow and fast pitch drift of a tape, both channels alike; at most about 8 cents.
class tape_drift {
 public:
  explicit tape_drift(double sample_rate);
  void process(stereo_view block);

 private:
  double delay_at(std::size_t frame) const;
  double rate_;
  std::size_t at_ = 0;
  moving_delay left_, right_;
};

}  // namespace son1k::music::render
