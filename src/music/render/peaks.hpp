// The waveform as a player draws it. Pure.
#pragma once
#include <boost/json/object.hpp>

#include "music/render/audio.hpp"
#include "music/score.hpp"

namespace son1k::music::render {

inline constexpr std::size_t peak_points_max = 2000;

// {version, channels, sampleRate, samplesPerPoint, pointsPerSecond, duration, bits, length,
//  peaks: [min, max, ...] of -127..127, sections: [{name, start, end, energy}],
//  chords: [{symbol, start, end}]}; times in seconds, at most peak_points_max points.
boost::json::object peaks_json(stereo_view sound, int sample_rate, const score& s);

}  // namespace son1k::music::render
