// A room: eight delay lines in a feedback network with a Householder matrix (Jot and Chaigne, 1991)
// behind four diffusing all-passes a side, as plates have. Memory is fixed at construction; one
// owner, one thread.
#pragma once
#include <array>

#include "music/render/audio.hpp"

namespace son1k::music::render {

struct room {
  double decay_seconds = 1.6;  // to -60 dB at middle frequencies
  double size = 1.0;           // 0.3 a chamber .. 1.5 a hall
  double pre_delay_seconds = 0.015;
  double damping_hz = 6000.0;  // above it the tail dies sooner
  double low_cut_hz = 180.0;   // what is sent to the room starts here
};

class reverb {
 public:
  reverb(const room& r, double sample_rate);
  // Replaces the block (the send) by the room's answer (wet only).
  void process(stereo_view block);

 private:
  static constexpr std::size_t lines = 8;
  static constexpr std::size_t stages = 4;

  struct ring {
    std::vector<float> memory;  // a power of two
    std::size_t length = 1;
    std::size_t mask = 0;
    void resize(std::size_t frames);
  };
  struct side {
    ring pre;
    std::array<ring, stages> diffusers;
    double low_cut_state = 0.0;
  };

  float enter(side& s, float x);

  std::array<ring, lines> lines_;
  std::array<float, lines> gain_{};
  std::array<float, lines> damped_{};
  std::array<side, 2> sides_;
  float damping_ = 0.5f;
  double low_cut_ = 0.0;
  std::size_t at_ = 0;
};

}  // namespace son1k::music::render
