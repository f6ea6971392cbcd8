#include "music/render/timeline.hpp"

#include <gtest/gtest.h>

namespace son1k::music::render {
namespace {

constexpr int cd_rate = 44100;

score one_track(std::vector<note> notes, bool drums = false) {
  score s;
  s.bpm = 60;  // a quarter lasts a second
  s.duration_seconds = 10;
  track t;
  t.role = drums ? stem::drums : stem::lead;
  t.percussion = drums;
  t.notes = std::move(notes);
  s.tracks.push_back(std::move(t));
  return s;
}

std::vector<play_event> of_kind(const timeline& t, play what) {
  std::vector<play_event> out;
  for (const auto& e : t.events)
    if (e.what == what) out.push_back(e);
  return out;
}

TEST(timeline, places_notes_by_the_tempo) {
  const auto t = lay_out(one_track({{960, 480, 60, 90}}), cd_rate);
  EXPECT_EQ(t.frames, 441000);
  EXPECT_EQ(of_kind(t, play::on).at(0).frame, 44100);
  EXPECT_EQ(of_kind(t, play::off).at(0).frame, 66150);
}

TEST(timeline, cuts_a_note_where_the_same_key_sounds_again) {
  const auto t = lay_out(one_track({{0, 3000, 60, 90}, {960, 960, 60, 90}}), cd_rate);
  const auto offs = of_kind(t, play::off);
  ASSERT_EQ(offs.size(), 2u);
  EXPECT_EQ(offs[0].frame, 44100);
  EXPECT_EQ(offs[1].frame, 88200);
  // The end of the first comes before the start of the second within the frame.
  EXPECT_EQ(t.events[1].what, play::off);
  EXPECT_EQ(t.events[2].what, play::on);
}

TEST(timeline, leaves_out_what_lies_past_the_end) {
  const auto t = lay_out(one_track({{0, 960 * 60, 60, 90}, {960 * 10, 960, 62, 90}}), cd_rate);
  ASSERT_EQ(of_kind(t, play::on).size(), 1u);
  EXPECT_EQ(of_kind(t, play::off).at(0).frame, t.frames);
}

TEST(timeline, a_kit_is_played_on_three_buses_and_tells_its_kicks) {
  const auto t =
      lay_out(one_track({{0, 96, 36, 90}, {480, 96, 38, 90}, {960, 96, 42, 90}}, true), cd_rate);
  ASSERT_EQ(t.buses.size(), 3u);
  const auto ons = of_kind(t, play::on);
  EXPECT_EQ(t.buses[ons[0].bus].part, kit_part::kick);
  EXPECT_EQ(t.buses[ons[1].bus].part, kit_part::skins);
  EXPECT_EQ(t.buses[ons[2].bus].part, kit_part::metal);
  EXPECT_EQ(t.kicks, std::vector<std::int64_t>{0});
}

TEST(timeline, an_excerpt_starts_at_the_busiest_seconds_with_the_controllers_in_force) {
  auto s = one_track({{0, 96, 60, 90}, {4800, 96, 61, 90}, {5000, 96, 62, 90}, {5200, 96, 63, 90}});
  s.tracks[0].controllers = {{100, 11, 50}, {5100, 11, 99}};
  const auto t = busiest_excerpts(lay_out(s, cd_rate), 2.0, cd_rate);
  const auto ons = of_kind(t, play::on);
  ASSERT_EQ(ons.size(), 3u);
  EXPECT_EQ(ons[0].number, 61);
  EXPECT_EQ(ons[0].frame, 0);
  const auto controls = of_kind(t, play::controller);
  ASSERT_EQ(controls.size(), 2u);
  EXPECT_EQ(controls[0].frame, 0);
  EXPECT_EQ(controls[0].value, 50);
}

TEST(timeline, more_tracks_than_the_desk_has_are_left_out) {
  score s = one_track({{0, 96, 60, 90}});
  while (s.tracks.size() < 200) s.tracks.push_back(s.tracks[0]);
  const auto t = lay_out(s, cd_rate);
  EXPECT_LE(t.buses.size(), buses_max);
  for (const auto& e : t.events) EXPECT_LT(e.bus, t.buses.size());
}

}  // namespace
}  // namespace son1k::music::render
