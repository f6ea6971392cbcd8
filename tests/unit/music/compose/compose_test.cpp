// Rules that every score keeps, whatever the prompt: form, harmony, melody, performance.
#include "music/compose/compose.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "music/compose/performance.hpp"
#include "music/styles/style.hpp"

namespace {

using namespace son1k::music;

brief brief_of(const std::string& prompt, int seconds, std::uint64_t seed = 1) {
  piece_request r;
  r.prompt = prompt;
  r.duration_seconds = seconds;
  r.seed = seed;
  const auto b = understand(r);
  EXPECT_TRUE(b.has_value()) << prompt;
  return b ? *b : brief{};
}

score piece(const std::string& prompt, int seconds, std::uint64_t seed = 1) {
  return compose(brief_of(prompt, seconds, seed), seed);
}

const track* role(const score& s, stem wanted) {
  for (const track& t : s.tracks) {
    if (t.role == wanted) return &t;
  }
  return nullptr;
}

double bar_seconds(const score& s) {
  return seconds_of(s, ticks_per_quarter * 4 / s.beat_unit * s.beats_per_bar);
}

// Longest time in which no note sounds, from the start to the end of the file.
double longest_silence(const score& s) {
  std::vector<std::pair<double, double>> sounding;
  for (const track& t : s.tracks) {
    for (const note& n : t.notes) {
      sounding.emplace_back(seconds_of(s, n.tick), seconds_of(s, n.tick + n.duration));
    }
  }
  std::sort(sounding.begin(), sounding.end());
  double longest = 0.0;
  double until = 0.0;
  for (const auto& [from, to] : sounding) {
    longest = std::max(longest, from - until);
    until = std::max(until, to);
  }
  return std::max(longest, s.duration_seconds - until);
}

void expect_whole(const score& s, const std::string& what) {
  ASSERT_FALSE(s.tracks.empty()) << what;
  for (const track& t : s.tracks) {
    std::int32_t before = 0;
    for (const note& n : t.notes) {
      ASSERT_GE(n.tick, before) << what << " " << t.name;
      ASSERT_GT(n.duration, 0) << what;
      ASSERT_LE(n.pitch, 127) << what;
      ASSERT_GE(n.velocity, 1) << what;
      ASSERT_LE(n.velocity, 127) << what;
      ASSERT_LE(seconds_of(s, n.tick + n.duration), s.duration_seconds) << what << " " << t.name;
      before = n.tick;
    }
    for (std::size_t i = 1; i < t.controllers.size(); ++i) {
      ASSERT_GE(t.controllers[i].tick, t.controllers[i - 1].tick) << what << " " << t.name;
    }
  }
  std::int32_t at = 0;
  for (const section_mark& m : s.sections) {
    ASSERT_EQ(m.tick, at) << what;
    at += m.duration;
  }
  ASSERT_EQ(at, s.length) << what;
  at = 0;
  for (const chord_mark& c : s.chords) {
    ASSERT_EQ(c.tick, at) << what;
    ASSERT_GT(c.duration, 0) << what;
    at += c.duration;
  }
  ASSERT_EQ(at, s.length) << what;
}

TEST(form, fits_every_duration_within_two_percent_or_a_bar) {
  for (const char* prompt :
       {"pop", "slow blues", "waltz", "ambient 60 bpm", "techno", "celtic jig"}) {
    for (int seconds = 5; seconds <= 600; seconds += seconds < 40 ? 1 : 7) {
      const score s = piece(prompt, seconds, static_cast<std::uint64_t>(seconds));
      const double off = std::fabs(s.duration_seconds - seconds);
      EXPECT_LE(off, 0.02 * seconds);
      const double music = seconds_of(s, s.length);
      EXPECT_LE(music, seconds + bar_seconds(s)) << prompt << " " << seconds;
      EXPECT_GE(music, seconds - bar_seconds(s) - 2.5) << prompt << " " << seconds;
      expect_whole(s, std::string(prompt) + " " + std::to_string(seconds));
      EXPECT_LT(longest_silence(s), 1.5) << prompt << " " << seconds;
    }
  }
}

TEST(form, explicit_tempo_metre_and_key_are_kept) {
  const score s = piece("rock 133 bpm 5/4 in Bb minor", 60);
  EXPECT_EQ(s.bpm, 133);
  EXPECT_EQ(s.beats_per_bar, 5);
  EXPECT_EQ(s.key_tonic, 10);
  EXPECT_TRUE(s.minor);
  EXPECT_EQ(piece("folk 6/8 80 bpm", 60).bpm, 120) << "the beat of 6/8 is a dotted quarter";
}

TEST(form, sections_differ_in_energy_and_long_pieces_have_many) {
  const score s = piece("pop", 120);
  double low = 1;
  double high = 0;
  for (const section_mark& m : s.sections) {
    low = std::min(low, m.energy);
    high = std::max(high, m.energy);
  }
  EXPECT_GT(high - low, 0.3);
  std::set<std::string> names;
  for (const section_mark& m : piece("pop", 600).sections) names.insert(m.name);
  EXPECT_TRUE(names.count("bridge") && names.count("solo") && names.count("outro"));
}

class every_style : public testing::TestWithParam<std::string> {};

brief plain_brief(const std::string& style_id, mode m, int seconds, std::uint64_t seed) {
  const style& s = *find_style(style_id);
  brief b = brief_of("pop", seconds, seed);
  b.style = style_id;
  b.kind = s.kind;
  b.key_mode = m;
  b.bpm = s.bpm[1];
  b.beats_per_bar = s.beats_per_bar;
  b.beat_unit = s.beat_unit;
  return b;
}

TEST_P(every_style, is_whole_in_every_mode_metre_and_length) {
  for (mode m :
       {mode::major, mode::minor, mode::dorian, mode::phrygian, mode::lydian, mode::mixolydian}) {
    for (const auto& [beats, unit] : std::vector<std::pair<int, int>>{
             {4, 4}, {3, 4}, {6, 8}, {12, 8}, {5, 4}, {7, 8}, {2, 4}, {9, 8}, {2, 2}, {11, 8}}) {
      for (int seconds : {5, 31, 90}) {
        brief b = plain_brief(GetParam(), m, seconds, 3);
        b.beats_per_bar = beats;
        b.beat_unit = unit;
        const score s = compose(b, 3);
        expect_whole(s, GetParam() + " " + std::to_string(beats) + "/" + std::to_string(unit));
      }
    }
  }
}

TEST_P(every_style, returns_to_its_hook_three_times_in_half_a_minute) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    for (int seconds : {30, 45, 60, 120}) {
      const score s = compose(plain_brief(GetParam(), mode::minor, seconds, seed), seed);
      EXPECT_GE(s.hook_ticks.size(), 3U) << seconds << " s, seed " << seed;
    }
  }
}

TEST_P(every_style, ends_on_the_tonic_after_the_dominant) {
  for (mode m : {mode::major, mode::minor}) {
    const brief b = plain_brief(GetParam(), m, 60, 5);
    const score s = compose(b, 5);
    ASSERT_GE(s.chords.size(), 2U);
    const key k{b.key_tonic, m, b.flat_spelling};
    EXPECT_EQ(s.chords.back().symbol, roman(m == mode::minor ? "i" : "I", k).symbol);
    EXPECT_EQ(s.chords[s.chords.size() - 2].symbol, roman("V7", k).symbol);
    const track* lead = role(s, stem::lead);
    ASSERT_NE(lead, nullptr);
    EXPECT_EQ(lead->notes.back().pitch % 12, b.key_tonic);
  }
}

TEST_P(every_style, sings_chord_tones_on_strong_beats_within_an_octave_and_a_half) {
  const brief b = plain_brief(GetParam(), mode::major, 90, 11);
  const style& s = *find_style(GetParam());
  const key k{b.key_tonic, b.key_mode, b.flat_spelling};
  const form f = plan_form(b, s);
  const auto chords = plan_harmony(f, s, k, rng(1));
  const melody m = sing(f, s, k, chords, {60, 79}, {55, 74}, false, rng(2));
  int strong = 0;
  int consonant = 0;
  for (const note& n : m.lead) {
    EXPECT_GE(n.pitch, 60);
    EXPECT_LE(n.pitch, 79);
    if (n.tick % f.time.bar_ticks() != 0) continue;
    ++strong;
    consonant += contains(tones_of(chord_at(chords, n.tick).what), n.pitch) ? 1 : 0;
  }
  ASSERT_GT(strong, 4);
  EXPECT_GE(consonant * 100, strong * 90);
}

TEST_P(every_style, gives_another_piece_for_another_seed_and_the_same_for_the_same) {
  const auto notes = [](const score& s) {
    std::vector<std::int32_t> all;
    for (const track& t : s.tracks) {
      for (const note& n : t.notes) {
        all.insert(all.end(), {n.tick, n.duration, n.pitch, n.velocity});
      }
    }
    return all;
  };
  const brief b = plain_brief(GetParam(), mode::minor, 40, 1);
  EXPECT_EQ(notes(compose(b, 21)), notes(compose(b, 21)));
  EXPECT_NE(notes(compose(b, 21)), notes(compose(b, 22)));
}

std::vector<std::string> style_ids() {
  std::vector<std::string> ids;
  for (const style& s : all_styles()) ids.emplace_back(s.id);
  return ids;
}

INSTANTIATE_TEST_SUITE_P(styles, every_style, testing::ValuesIn(style_ids()), [](const auto& one) {
  std::string name = one.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
      '_');
  return name;
});

TEST(hook, comes_back_with_the_same_rhythm) {
  const brief b = brief_of("pop in C major", 90);
  const style& s = *find_style(b.style);
  const key k{b.key_tonic, b.key_mode, false};
  const form f = plan_form(b, s);
  const auto chords = plan_harmony(f, s, k, rng(1));
  const melody m = sing(f, s, k, chords, {60, 79}, {55, 74}, false, rng(2));
  ASSERT_GE(m.hook_ticks.size(), 3U);
  const auto rhythm = [&](std::int32_t from) {
    std::vector<std::int32_t> onsets;
    for (const note& n : m.lead) {
      if (n.tick >= from && n.tick < from + f.time.bar_ticks()) onsets.push_back(n.tick - from);
    }
    return onsets;
  };
  for (std::int32_t tick : m.hook_ticks) EXPECT_EQ(rhythm(tick), rhythm(m.hook_ticks.front()));
}

TEST(arrangement, excluded_instruments_stay_silent) {
  for (int seed = 0; seed < 10; ++seed) {
    const auto s =
        piece("pop song without drums, no piano, no guitars", 40, static_cast<std::uint64_t>(seed));
    for (const track& t : s.tracks) {
      EXPECT_FALSE(t.percussion) << t.name;
      if (t.percussion) continue;
      EXPECT_NE(instrument_of(t.program).kind, family::piano) << t.name;
      EXPECT_NE(instrument_of(t.program).kind, family::guitar) << t.name;
    }
  }
}

TEST(arrangement, asked_instruments_all_play) {
  const score s = piece("cumbia con acordeón, trompeta, piano, congas, violín y marimba", 60);
  for (int program : {gm::accordion, gm::trumpet, gm::piano, gm::violin, gm::marimba}) {
    EXPECT_TRUE(std::any_of(s.tracks.begin(), s.tracks.end(), [&](const track& t) {
      return !t.percussion && t.program == program;
    })) << instrument_of(program).name;
  }
}

TEST(arrangement, solo_piano_is_a_piano_alone) {
  const score s = piece("solo piano in D major", 60);
  for (const track& t : s.tracks) {
    EXPECT_FALSE(t.percussion);
    EXPECT_EQ(t.program, gm::piano) << t.name;
  }
}

TEST(groove, bass_strikes_with_the_kick_in_four_on_the_floor_and_rests_between_in_cumbia) {
  const score s = piece("cumbia in G major 100 bpm", 60);
  const track* bass = role(s, stem::bass);
  ASSERT_NE(bass, nullptr);
  int on_beats_1_3_4 = 0;
  for (const note& n : bass->notes) {
    const int sixteenth = (n.tick + 120) / 240 % 16;
    on_beats_1_3_4 += sixteenth == 0 || sixteenth == 8 || sixteenth == 12 ? 1 : 0;
  }
  EXPECT_GE(on_beats_1_3_4 * 100, static_cast<int>(bass->notes.size()) * 80);
}

TEST(groove, swing_delays_the_off_beat_and_leaves_the_beat) {
  const style& jazz = *find_style("jazz");
  const metre four{4, 4};
  EXPECT_EQ(swung(960, jazz, four), 960);
  EXPECT_GT(swung(480, jazz, four), 560);
  for (std::int32_t t = 0; t < 3840; ++t) {
    ASSERT_LE(swung(t, jazz, four), swung(t + 1, jazz, four));
  }
}

}  // namespace
