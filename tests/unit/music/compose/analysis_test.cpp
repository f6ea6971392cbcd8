// The listener that judges the composer is itself held against signals of known key and tempo.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "support/music_analysis.hpp"

namespace {

using namespace son1k::test;

constexpr int rate = 44100;

void add_tone(std::vector<float>& out, double at, double seconds, int pitch, double level) {
  const double hertz = 440.0 * std::exp2((pitch - 69) / 12.0);
  const auto from = static_cast<std::size_t>(at * rate);
  const auto count = static_cast<std::size_t>(seconds * rate);
  for (std::size_t i = 0; i < count && from + i < out.size(); ++i) {
    const double t = static_cast<double>(i) / rate;
    const double swell = std::exp(-2.0 * t / seconds);
    for (int harmonic = 1; harmonic <= 4; ++harmonic) {
      out[from + i] += static_cast<float>(level * swell / harmonic *
                                          std::sin(2 * std::numbers::pi * hertz * harmonic * t));
    }
  }
}

// I IV V I (or i iv V i), twice.
std::vector<float> cadence(int tonic, bool minor) {
  std::vector<float> out(rate * 8);
  const int third = minor ? 3 : 4;
  const std::vector<std::vector<int>> chords = {
      {0, third, 7}, {5, 5 + third, 12}, {7, 11, 14}, {0, third, 7}};
  for (int n = 0; n < 8; ++n) {
    for (int tone : chords[static_cast<std::size_t>(n % 4)]) {
      add_tone(out, n, 1.0, 48 + tonic + tone, 0.1);
    }
  }
  return out;
}

std::vector<float> clicks(double bpm, double seconds) {
  std::vector<float> out(static_cast<std::size_t>(seconds * rate));
  int beat = 0;
  for (double at = 0.3; at < seconds - 0.2; at += 60.0 / bpm, ++beat) {
    add_tone(out, at, 0.08, beat % 4 == 0 ? 84 : 72, 0.4);
  }
  return out;
}

TEST(music_analysis, finds_the_key_of_a_plain_cadence_in_all_twenty_four_keys) {
  for (int tonic = 0; tonic < 12; ++tonic) {
    for (bool minor : {false, true}) {
      const key_estimate k = estimate_key(cadence(tonic, minor), rate);
      EXPECT_EQ(k.tonic, tonic) << key_text(k) << " minor=" << minor;
      EXPECT_EQ(k.minor, minor) << key_text(k);
    }
  }
}

TEST(music_analysis, finds_the_tempo_of_clicks_up_to_the_octave) {
  for (double bpm : {61.0, 72.0, 80.0, 93.5, 100.0, 120.0, 128.0, 140.0, 174.0}) {
    EXPECT_TRUE(same_tempo(estimate_bpm(clicks(bpm, 20), rate), bpm, 0.01)) << bpm;
  }
}

TEST(music_analysis, another_tempo_is_not_the_same) {
  EXPECT_FALSE(same_tempo(estimate_bpm(clicks(100, 20), rate), 120));
  EXPECT_FALSE(same_tempo(90, 60));
  EXPECT_TRUE(same_tempo(90, 60, 0.03, true));
}

TEST(music_analysis, silence_has_neither_key_nor_pulse) {
  const std::vector<float> silence(rate * 5);
  EXPECT_EQ(estimate_key(silence, rate).confidence, 0.0);
  EXPECT_EQ(estimate_bpm(silence, rate), 0.0);
}

}  // namespace
