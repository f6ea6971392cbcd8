// The sound of the whole mix by genre colour: room, tape, vinyl, equaliser, width, glue. Owned by
// the mixer, one thread; the noise is the same for the same seed.
#pragma once
#include <cstdint>
#include <optional>

#include "music/render/compressor.hpp"
#include "music/render/filter.hpp"
#include "music/render/modulation.hpp"
#include "music/render/reverb.hpp"
#include "music/request.hpp"
#include "music/score.hpp"

namespace son1k::music::render {

struct tone_settings {
  colour sound;
  room space;
  double reverb_db;      // level of the room's return
  double low_shelf_db;   // from 110 Hz down
  double mud_db;         // bell at 330 Hz
  double presence_db;    // bell at 3 kHz
  double high_shelf_db;  // from 7 kHz up
  double low_pass_hz;    // 0: open
  double high_pass_hz;
  double drive_db;    // into a soft curve; 0: none
  double width;       // of the sides, 1 as mixed
  double hiss_db;     // 0: none
  double crackle_db;  // 0: none
  bool drift;         // wow and flutter
};

const tone_settings& tone_of(colour c);

// Vinyl crackle and hiss, deterministic.
class surface_noise {
 public:
  surface_noise(double hiss_db, double crackle_db, std::uint64_t seed, double sample_rate);
  void add_to(stereo_view block);

 private:
  std::uint32_t random();
  float hiss_, crackle_;
  std::uint32_t state_;
  std::uint32_t tick_below_;  // a crackle starts at a frame where random() is below this
  float pop_left_ = 0.0f, pop_right_ = 0.0f, decay_;
  biquad shape_;
  stereo_buffer noise_;
};

class tone {
 public:
  tone(const tone_settings& t, quality grade, std::uint64_t seed, double sample_rate);
  void process(stereo_view mix);

 private:
  void widen(stereo_view mix);
  void saturate(stereo_view mix);

  tone_settings settings_;
  std::vector<biquad> filters_;
  biquad side_low_cut_;
  std::optional<tape_drift> drift_;
  std::optional<surface_noise> noise_;
  compressor glue_;
  stereo_buffer side_;
};

}  // namespace son1k::music::render
