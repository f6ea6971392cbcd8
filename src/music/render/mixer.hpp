// The mixing desk: renders a score block by block to one stereo mix before mastering and, if
// wanted, to one signal a stem. One owner, one thread; memory is the mix alone, whatever the
// length.
#pragma once
#include <array>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "base/error.hpp"
#include "music/render/audio.hpp"
#include "music/request.hpp"
#include "music/score.hpp"

namespace son1k::music::render {

// The stems and, last, what room and delay answer ("ambience"): their sum is the mix before tone.
inline constexpr std::size_t stem_count = 10;
std::string_view stem_name(std::size_t index);

struct mix_settings {
  std::filesystem::path font;
  quality grade = quality::standard;
  int sample_rate = 44100;
  std::uint64_t seed = 0;
  // Called for each block and each stem that the score has; an error ends the rendering.
  std::function<result<void>(std::size_t stem_index, stereo_view block)> stem_sink;
  std::function<void(double fraction)> progress;  // after each block
};

inline constexpr std::size_t block_frames = 1024;

// True at `index` if the score plays on that stem.
std::array<bool, stem_count> stems_of(const score& s);

// The whole piece, fades applied, exactly duration_seconds long. Errors: cancelled; unavailable,
// field "sound_font"; internal for a score that plays nothing; what stem_sink returned.
result<stereo_buffer> mix(const score& s, const mix_settings& settings, std::stop_token stop);

int sample_rate_of(quality grade);  // 44100 or 48000

}  // namespace son1k::music::render
