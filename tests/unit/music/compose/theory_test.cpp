#include "music/compose/theory.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "music/compose/harmony.hpp"
#include "music/compose/pattern.hpp"

namespace {

using namespace son1k::music;

const key c_major{0, mode::major, false};
const key d_minor{2, mode::minor, true};

struct numeral_row {
  const char* numeral;
  key in;
  const char* symbol;
};

TEST(roman, names_chords_in_the_key) {
  for (const numeral_row& r :
       {numeral_row{"I", c_major, "C"}, numeral_row{"vi7", c_major, "Am7"},
        numeral_row{"V7", c_major, "G7"}, numeral_row{"bVII", c_major, "Bb"},
        numeral_row{"V7/V", c_major, "D7"}, numeral_row{"V7/ii", c_major, "A7"},
        numeral_row{"Imaj7", c_major, "Cmaj7"}, numeral_row{"viio", c_major, "Bdim"},
        numeral_row{"i", d_minor, "Dm"}, numeral_row{"VI", d_minor, "Bb"},
        numeral_row{"iv7", d_minor, "Gm7"}, numeral_row{"V7", d_minor, "A7"},
        numeral_row{"iih7", d_minor, "Em7b5"}, numeral_row{"bII", d_minor, "Eb"},
        numeral_row{"viio", d_minor, "C#dim"}}) {
    EXPECT_EQ(roman(r.numeral, r.in).symbol, r.symbol) << r.numeral;
  }
}

TEST(roman, the_dominant_of_minor_has_the_raised_leading_tone) {
  EXPECT_TRUE(contains(tones_of(roman("V7", d_minor)), 1));
  const pitch_set scale = scale_over(d_minor, roman("V7", d_minor));
  EXPECT_TRUE(contains(scale, 1));
  EXPECT_FALSE(contains(scale, 0)) << "the natural seventh clashes with it";
}

TEST(progression, bars_may_hold_several_chords) {
  const auto bars = parse_progression("I | ii7 V7 | I", c_major);
  ASSERT_EQ(bars.size(), 3U);
  EXPECT_EQ(bars[1].size(), 2U);
}

TEST(progression, every_written_one_is_known_and_comes_home) {
  for (const style& s : all_styles()) {
    for (const auto* set : {&s.major, &s.minor}) {
      const key k{7, set == &s.major ? mode::major : mode::minor, false};
      for (const auto* list : {&set->verse, &set->chorus, &set->bridge}) {
        EXPECT_FALSE(list->empty()) << s.id;
        for (std::string_view text : *list) {
          const auto bars = parse_progression(text, k);
          bool home = false;
          for (const auto& bar : bars) {
            for (const chord& c : bar) home = home || c.root == k.tonic || c.dominant;
          }
          EXPECT_TRUE(home) << s.id << ": " << text;
        }
      }
    }
  }
}

TEST(voicing, stays_in_range_and_moves_little) {
  std::vector<int> previous;
  int moved = 0;
  int changes = 0;
  for (const auto& bar : parse_progression("I | vi | ii7 | V7 | I | IV | V | I", c_major)) {
    const std::vector<int> v = voice_chord(bar[0], 50, 74, 4, previous);
    EXPECT_GE(v.front(), 50);
    EXPECT_LE(v.back(), 74);
    EXPECT_TRUE(std::is_sorted(v.begin(), v.end()));
    for (int p : v) EXPECT_TRUE(contains(tones_of(bar[0]), p));
    if (!previous.empty()) {
      moved += std::abs(v.front() - previous.front()) + std::abs(v.back() - previous.back());
      changes += 2;
    }
    previous = v;
  }
  EXPECT_LE(moved, changes * 3) << "outer voices move by a minor third at most on average";
}

TEST(pattern, steps_have_onset_length_and_symbol) {
  const metre four{4, 4};
  const auto steps = read_bar("X---..x.", 0, four, four);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].duration, 4 * 480);
  EXPECT_EQ(steps[1].tick, 6 * 480);
  EXPECT_EQ(steps[1].duration, 480);
}

TEST(pattern, is_fitted_to_other_metres) {
  const metre four{4, 4};
  EXPECT_EQ(fit_bar("X...x...X...x...", 0, four, {3, 4}), "X...x...x...");
  EXPECT_EQ(fit_bar("X.o.x.o.X.o.x.o.", 0, four, {6, 8}).size(), 6U);
  EXPECT_EQ(fit_bar("X...|x...", 1, four, four), "x...");
  EXPECT_EQ(fit_bar("X...x...X...x...", 0, four, {7, 8}).size(), 14U);
}

TEST(pattern, every_written_one_fills_its_bar_evenly) {
  for (const style& s : all_styles()) {
    const metre m{s.beats_per_bar, s.beat_unit};
    const auto check = [&](std::string_view text) {
      while (!text.empty()) {
        const auto bar = text.substr(0, text.find('|'));
        EXPECT_EQ(m.bar_ticks() % static_cast<int>(bar.size()), 0) << s.id << ": " << bar;
        EXPECT_EQ(static_cast<int>(bar.size()) % (m.bar_ticks() / m.beat_ticks()), 0)
            << s.id << ": " << bar;
        text = bar.size() == text.size() ? std::string_view{} : text.substr(bar.size() + 1);
      }
    };
    for (const part& p : s.parts) {
      for (std::string_view level : p.levels) check(level);
    }
    for (std::string_view cell : s.lead.rhythms) check(cell);
    for (const drum_part& d : s.drums) {
      for (const drum_pattern& level : d.levels) {
        for (const drum_line& line : level) check(line.steps);
      }
      for (const drum_line& line : d.fill) check(line.steps);
    }
  }
}

}  // namespace
