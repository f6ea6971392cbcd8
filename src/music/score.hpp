// The score: what the composer writes and the renderer plays. Plain values; positions are in ticks
// (ticks_per_quarter to a quarter note) at one tempo for the whole piece, so
//   seconds = tick * 60 / (bpm * ticks_per_quarter).
// Human timing and swing are already in the ticks; the renderer changes no note.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace son1k::music {

inline constexpr int ticks_per_quarter = 960;

// What a track is for; the mixer chooses level, equaliser, pan and sends by it.
enum class stem { drums, percussion, bass, chords, pad, lead, counter, arpeggio, effects };

struct note {
  std::int32_t tick = 0;      // onset, >= 0
  std::int32_t duration = 0;  // in ticks, > 0
  std::uint8_t pitch = 60;  // MIDI key 0..127 (on a drum channel: the General MIDI percussion key)
  std::uint8_t velocity = 80;  // 1..127
};

struct controller {
  std::int32_t tick = 0;
  std::uint8_t number = 11;  // MIDI controller (1 modulation, 11 expression, 64 sustain pedal, ...)
  std::uint8_t value = 127;
};

struct track {
  std::string name;  // "electric piano", for the MIDI file and the reply
  stem role = stem::chords;
  bool percussion = false;              // plays General MIDI bank 128, `program` is the kit
  int program = 0;                      // General MIDI program 0..127
  double gain_db = 0.0;                 // on top of the level that the mixer gives the role
  double pan = 0.0;                     // -1 left .. 1 right, on top of the role's
  double reverb = 0.2;                  // send, 0..1
  double delay = 0.0;                   // send to the tempo delay, 0..1
  std::vector<note> notes;              // ascending by tick
  std::vector<controller> controllers;  // ascending by tick
};

struct chord_mark {
  std::int32_t tick = 0;
  std::int32_t duration = 0;
  std::string symbol;  // "Dm7", "A7/C#"
};

struct section_mark {
  std::int32_t tick = 0;
  std::int32_t duration = 0;
  std::string name;     // "intro", "A", "B", "bridge", "outro"
  double energy = 0.5;  // 0..1
};

// The sound of the whole, chosen by genre: the mixer's and the mastering chain's colour.
enum class colour { clean, warm, lofi, bright, dark, wide_ambient, club, live_room, vintage };

struct score {
  double bpm = 100.0;
  int beats_per_bar = 4;  // metre numerator
  int beat_unit = 4;      // metre denominator
  int key_tonic = 0;      // pitch class 0 = C .. 11 = B
  bool minor = false;
  colour sound = colour::clean;
  std::int32_t length = 0;       // ticks to the last bar line; the tail rings after it
  double duration_seconds = 60;  // of the finished file, tail and fade included
  double fade_out_seconds = 0;   // 0: the piece ends by itself
  bool sidechain = false;        // pads and bass duck under the kick
  std::vector<track> tracks;
  std::vector<chord_mark> chords;        // ascending, without holes
  std::vector<section_mark> sections;    // ascending, without holes
  std::vector<std::int32_t> hook_ticks;  // where the hook is stated
};

inline double seconds_of(const score& s, std::int32_t tick) {
  return static_cast<double>(tick) * 60.0 / (s.bpm * ticks_per_quarter);
}

}  // namespace son1k::music
