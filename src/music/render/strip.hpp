// One channel of the mixing desk: filters, compressor, chorus, level, pan and width for a bus,
// chosen by its role. Owned by the mixer, one thread.
#pragma once
#include <optional>
#include <vector>

#include "music/render/compressor.hpp"
#include "music/render/filter.hpp"
#include "music/render/modulation.hpp"
#include "music/render/timeline.hpp"
#include "music/request.hpp"

namespace son1k::music::render {

struct bell_setting {
  double hz = 1000.0, q = 1.0, db = 0.0;
};

// How a role sounds and where it stands.
struct role_sound {
  stem role;
  kit_part part;
  double level_lufs;  // of the busiest seconds of the track (a kit is measured as a whole)
  double trim_db;     // of this part against the rest of its kit
  double pan;         // -1 .. 1; tracks of one role take turns on the sides
  double low_cut_hz;
  bell_setting body;
  bell_setting presence;
  double air_db;  // shelf from 9 kHz
  compressor_settings squeeze;
  double duck;    // share of the sidechain's full depth
  double chorus;  // depth in premium and ultra
};

const role_sound& sound_of(stem role, kit_part part);

class strip {
 public:
  // `gain` is linear and comes after the compressor's fixed input level; `pan` -1..1.
  strip(const role_sound& r, double gain, double pan, quality grade, double sample_rate);
  void process(stereo_view block);

 private:
  std::vector<biquad> filters_;
  compressor squeeze_;
  std::optional<chorus> chorus_;
  float left_, right_, level_;
};

}  // namespace son1k::music::render
