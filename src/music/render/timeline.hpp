// From a score to what the synthesiser is told and when: buses, events in frames, kick onsets.
// Pure values and functions; thread safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "music/score.hpp"

namespace son1k::music::render {

// A drum kit is played on three buses, so that kick, skins and metal get their own treatment.
enum class kit_part : std::uint8_t { whole, kick, skins, metal };

struct bus {
  std::size_t track = 0;  // index in score::tracks
  kit_part part = kit_part::whole;
};

enum class play : std::uint8_t { off, controller, on };  // also the order within a frame

struct play_event {
  std::int64_t frame = 0;
  play what = play::off;
  std::uint8_t bus = 0;
  std::uint8_t number = 0;  // key or controller
  std::uint8_t value = 0;   // velocity or controller value
};

struct timeline {
  std::vector<bus> buses;
  std::vector<play_event> events;   // ascending by frame
  std::vector<std::int64_t> kicks;  // frames at which a kick drum sounds, ascending
  std::int64_t frames = 0;          // of the whole piece
};

// More buses than this are not played (the composer writes far fewer tracks).
inline constexpr std::size_t buses_max = 64;

// A note that sounds again before its end is cut at the new onset, so that its own end does not
// silence the new one. Notes at or past the piece's end are left out.
timeline lay_out(const score& s, int sample_rate);

// The busiest `seconds` of each track, all moved to the start: what the levels are set by. The
// controllers in force there come first.
timeline busiest_excerpts(const timeline& whole, double seconds, int sample_rate);

}  // namespace son1k::music::render
