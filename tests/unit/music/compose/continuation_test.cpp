// Extended pieces: the beginning is the piece that was extended, what follows belongs to it.
#include "music/compose/continuation.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "music/styles/style.hpp"

namespace {

using namespace son1k::music;

constexpr std::int32_t upbeat = ticks_per_quarter / 8;

piece_request request_of(const std::string& prompt, std::vector<int> ends, std::uint64_t seed = 7) {
  piece_request r;
  r.prompt = prompt;
  r.seed = seed;
  r.duration_seconds = ends.back();
  if (ends.size() > 1) {
    for (const int end : ends) r.parts.push_back({end, ""});
  }
  return r;
}

score notes_of(const piece_request& r) {
  const auto made = compose_request(r);
  EXPECT_TRUE(made.has_value()) << made.error().what();
  return made.has_value() ? made->notes : score{};
}

// Where the ending of a piece begins that an extension leaves out.
std::int32_t ending_of(const score& s) {
  const std::int32_t bar = ticks_per_quarter * 4 / s.beat_unit * s.beats_per_bar;
  const auto& last = s.sections.back();
  return last.name == "outro" ? last.tick : std::max(bar, s.length - bar);
}

// Every onset before `until`, by instrument.
auto onsets(const score& s, std::int32_t until) {
  std::map<std::tuple<std::string, int, std::int32_t, int, int>, int> out;
  for (const track& t : s.tracks) {
    for (const note& n : t.notes) {
      if (n.tick < until) ++out[{t.name, t.program, n.tick, n.pitch, n.velocity}];
    }
  }
  return out;
}

class every_style_goes_on : public testing::TestWithParam<std::string> {};

TEST_P(every_style_goes_on, and_begins_note_for_note_as_the_piece_that_was_extended) {
  for (const int seconds : {20, 60, 150}) {
    const auto prompt = GetParam() + " in D minor";
    const auto before = notes_of(request_of(prompt, {seconds}));
    const auto after = notes_of(request_of(prompt, {seconds, seconds + 40}));
    const auto cut = ending_of(before);
    EXPECT_EQ(onsets(before, cut - upbeat), onsets(after, cut - upbeat)) << seconds;
    EXPECT_EQ(after.bpm, before.bpm);
    EXPECT_EQ(after.key_tonic, before.key_tonic);
    EXPECT_EQ(after.duration_seconds, seconds + 40);
    EXPECT_GT(after.length, before.length);
  }
}

TEST_P(every_style_goes_on, and_what_follows_is_a_whole_piece) {
  const auto s = notes_of(request_of(GetParam() + " in C major", {45, 110}));
  std::int32_t at = 0;
  for (const auto& m : s.sections) {
    EXPECT_EQ(m.tick, at) << m.name;
    EXPECT_GT(m.duration, 0) << m.name;
    at = m.tick + m.duration;
  }
  EXPECT_EQ(at, s.length);
  EXPECT_EQ(s.sections.back().name, "outro");
  at = 0;
  for (const auto& c : s.chords) {
    EXPECT_EQ(c.tick, at);
    at = c.tick + c.duration;
  }
  EXPECT_EQ(at, s.length);
  std::vector<std::pair<double, double>> sounding;
  for (const track& t : s.tracks) {
    EXPECT_TRUE(std::is_sorted(t.notes.begin(), t.notes.end(),
                               [](const note& a, const note& b) { return a.tick < b.tick; }))
        << t.name;
    for (const note& n : t.notes) {
      EXPECT_GT(n.duration, 0);
      EXPECT_LE(seconds_of(s, n.tick + n.duration), s.duration_seconds) << t.name;
      sounding.emplace_back(seconds_of(s, n.tick), seconds_of(s, n.tick + n.duration));
    }
  }
  std::sort(sounding.begin(), sounding.end());
  double until = 0;
  for (const auto& [from, to] : sounding) {
    EXPECT_LT(from - until, 2.0) << "silence before " << from << " s";
    until = std::max(until, to);
  }
  EXPECT_GT(until, s.duration_seconds - 2.0);
}

std::vector<std::string> extended_styles() {
  std::vector<std::string> ids;
  for (const style& s : all_styles()) ids.emplace_back(s.id);
  return ids;
}

INSTANTIATE_TEST_SUITE_P(styles, every_style_goes_on, testing::ValuesIn(extended_styles()),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
                               '_');
                           return name;
                         });

TEST(continuation, goes_on_again_and_keeps_all_that_was_there) {
  const auto second = notes_of(request_of("lo-fi piano 80 bpm", {30, 60}));
  const auto third = notes_of(request_of("lo-fi piano 80 bpm", {30, 60, 100}));
  const auto cut = ending_of(second);
  EXPECT_EQ(onsets(second, cut - upbeat), onsets(third, cut - upbeat));
  EXPECT_GT(third.sections.size(), second.sections.size());
}

TEST(continuation, states_the_hook_anew) {
  const auto before = notes_of(request_of("pop in G major", {60}));
  const auto after = notes_of(request_of("pop in G major", {60, 120}));
  const auto cut = ending_of(before);
  const auto later = std::count_if(after.hook_ticks.begin(), after.hook_ticks.end(),
                                   [&](std::int32_t tick) { return tick >= cut; });
  EXPECT_GE(later, 2);
}

TEST(continuation, an_own_prompt_brings_instruments_in_from_there_on) {
  auto r = request_of("solo piano 90 bpm in A minor", {40, 90});
  r.parts.back().prompt = "add a violin";
  const auto plain = notes_of(request_of("solo piano 90 bpm in A minor", {40}));
  const auto with = notes_of(r);
  const auto violin = std::find_if(with.tracks.begin(), with.tracks.end(),
                                   [](const track& t) { return t.name == "violin"; });
  ASSERT_NE(violin, with.tracks.end());
  EXPECT_GE(violin->notes.front().tick, ending_of(plain) - upbeat);
  EXPECT_EQ(with.bpm, plain.bpm);
  EXPECT_EQ(with.key_tonic, plain.key_tonic);
  EXPECT_EQ(onsets(plain, ending_of(plain) - upbeat), onsets(with, ending_of(plain) - upbeat));
}

TEST(continuation, parts_that_do_not_grow_are_refused) {
  const auto made = compose_request(request_of("pop", {60, 60}));
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, son1k::errc::validation);
  EXPECT_EQ(made.error().field, "parts");
}

}  // namespace
