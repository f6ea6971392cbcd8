#include "support/sample_scores.hpp"

#include <algorithm>
#include <array>

namespace son1k::test {
namespace {

using music::controller;
using music::note;
using music::stem;
using music::track;

constexpr std::int32_t quarter = music::ticks_per_quarter;
constexpr std::int32_t bar = 4 * quarter;

// i VI III VII in D minor.
struct chord {
  const char* symbol;
  int root;
  std::array<int, 3> tones;
};
constexpr std::array<chord, 4> progression = {
    chord{"Dm", 38, {62, 65, 69}}, chord{"Bb", 34, {62, 65, 70}}, chord{"F", 41, {60, 65, 69}},
    chord{"C", 36, {60, 64, 67}}};
constexpr std::array<int, 8> tune = {74, 77, 76, 74, 69, 72, 74, 69};

const chord& chord_of(int bar_index) {
  return progression[static_cast<std::size_t>(bar_index % 4)];
}

void add(track& t, std::int32_t tick, std::int32_t duration, int pitch, int velocity) {
  t.notes.push_back(
      {tick, duration, static_cast<std::uint8_t>(pitch), static_cast<std::uint8_t>(velocity)});
}

void sort(track& t) {
  std::stable_sort(t.notes.begin(), t.notes.end(),
                   [](const note& a, const note& b) { return a.tick < b.tick; });
}

music::score frame(double bpm, double seconds) {
  music::score s;
  s.bpm = bpm;
  s.key_tonic = 2;
  s.minor = true;
  s.duration_seconds = seconds;
  const double bars = (seconds - 2.0) * bpm / 240.0;
  s.length = std::max(1, static_cast<int>(bars)) * bar;
  for (int b = 0; b < s.length / bar; ++b) {
    s.chords.push_back({b * bar, bar, chord_of(b).symbol});
    if (b % 8 == 0)
      s.sections.push_back({b * bar, std::min(8 * bar, s.length - b * bar),
                            b / 8 % 2 == 0 ? "A" : "B", b / 8 % 2 == 0 ? 0.6 : 0.9});
    if (b % 4 == 0) s.hook_ticks.push_back(b * bar);
  }
  return s;
}

track drums(int bars) {
  track t{"drums", stem::drums, true, 0};
  for (int b = 0; b < bars; ++b) {
    const auto at = b * bar;
    for (int q = 0; q < 4; ++q) add(t, at + q * quarter, quarter / 2, 36, 108);
    add(t, at + quarter, quarter / 2, 38, 104);
    add(t, at + 3 * quarter, quarter / 2, 38, 108);
    for (int e = 0; e < 8; ++e)
      add(t, at + e * quarter / 2, quarter / 4, e == 7 ? 46 : 42, 70 + e % 2 * 14);
    if (b % 8 == 0) add(t, at, bar, 49, 100);
  }
  sort(t);
  return t;
}

track percussion(int bars) {
  track t{"percussion", stem::percussion, true, 0};
  for (int b = 0; b < bars; ++b)
    for (int i = 0; i < 16; ++i)
      add(t, b * bar + i * quarter / 4, quarter / 8, i % 4 == 2 ? 54 : 70, 50 + i % 4 * 9);
  return t;
}

track held(const char* name, stem role, int program, int bars, int shift, int velocity) {
  track t{name, role, false, program};
  t.reverb = 0.35;
  for (int b = 0; b < bars; ++b)
    for (const int tone : chord_of(b).tones) add(t, b * bar, bar - 20, tone + shift, velocity);
  return t;
}

track broken(const char* name, stem role, int program, int bars, int shift, int velocity) {
  track t{name, role, false, program};
  t.delay = 0.2;
  for (int b = 0; b < bars; ++b)
    for (int e = 0; e < 8; ++e)
      add(t, b * bar + e * quarter / 2, quarter / 2,
          chord_of(b).tones[static_cast<std::size_t>(e % 3)] + shift, velocity - e % 2 * 10);
  return t;
}

track melody(const char* name, stem role, int program, int bars, int shift, int velocity) {
  track t{name, role, false, program};
  t.reverb = 0.3;
  t.delay = 0.15;
  for (int b = 0; b < bars; ++b)
    for (int q = 0; q < 4; ++q)
      add(t, b * bar + q * quarter, quarter - 40,
          tune[static_cast<std::size_t>((b * 4 + q) % 8)] + shift, velocity);
  return t;
}

}  // namespace

music::score dense_pop(double seconds) {
  auto s = frame(118.0, seconds);
  const int bars = s.length / bar;
  s.sidechain = true;
  s.sound = music::colour::bright;
  s.tracks = {drums(bars),
              percussion(bars),
              held("bass", stem::bass, 33, bars, -24, 100),
              broken("piano", stem::chords, 0, bars, 0, 84),
              held("strings", stem::pad, 48, bars, 0, 70),
              held("warm pad", stem::pad, 89, bars, 12, 66),
              held("guitar", stem::chords, 25, bars, 0, 78),
              melody("lead", stem::lead, 81, bars, 0, 96),
              melody("horn", stem::counter, 60, bars, -12, 72),
              broken("plucks", stem::arpeggio, 46, bars, 12, 70)};
  for (auto& n : s.tracks[2].notes) n.duration = quarter;
  auto& bass = s.tracks[2];
  bass.notes.clear();
  for (int b = 0; b < bars; ++b)
    for (int e = 0; e < 8; ++e)
      add(bass, b * bar + e * quarter / 2, quarter / 2 - 20, chord_of(b).root, 92 + e % 2 * 8);
  return s;
}

music::score light_piano(double seconds) {
  auto s = frame(76.0, seconds);
  const int bars = s.length / bar;
  track piano = melody("piano", stem::lead, 0, bars, 0, 82);
  const auto left = broken("left", stem::chords, 0, bars, -12, 62);
  piano.notes.insert(piano.notes.end(), left.notes.begin(), left.notes.end());
  sort(piano);
  for (int b = 0; b < bars; ++b) {
    piano.controllers.push_back({b * bar + 10, 64, 127});
    piano.controllers.push_back({(b + 1) * bar - 30, 64, 0});
  }
  s.tracks = {std::move(piano)};
  return s;
}

music::brief brief_for(const music::score& s, music::quality grade) {
  music::brief b;
  b.prompt = "una canción de prueba en re menor";
  b.title = "Canción de prueba";
  b.style = "pop";
  b.bpm = s.bpm;
  b.key_tonic = s.key_tonic;
  b.key_mode = music::mode::minor;
  b.grade = grade;
  b.seed = 7;
  return b;
}

}  // namespace son1k::test
