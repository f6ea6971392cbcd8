#include <gtest/gtest.h>

#include "music/render/compressor.hpp"
#include "music/render/filter.hpp"
#include "music/render/limiter.hpp"
#include "music/render/loudness.hpp"
#include "music/render/master.hpp"
#include "music/render/modulation.hpp"
#include "music/render/reverb.hpp"
#include "music/render/tone.hpp"
#include "signals.hpp"

namespace son1k::music::render {
namespace {

using test::continuous_peak;
using test::noise;
using test::rate;
using test::rms;
using test::sine;

double gain_of(biquad f, double hz) {
  auto s = sine(hz, 0.5, 1.0);
  const double before = rms(s.left);
  f.process(s.view());
  return to_db(rms(std::span(s.left).subspan(s.size() / 2)) / before);
}

TEST(filter, has_the_response_that_its_formula_says) {
  EXPECT_NEAR(gain_of(biquad(low_pass(rate, 1000)), 1000), -3.01, 0.05);
  EXPECT_NEAR(gain_of(biquad(low_pass(rate, 1000)), 8000), -37.3, 1.5);
  EXPECT_NEAR(gain_of(biquad(high_pass(rate, 1000)), 1000), -3.01, 0.05);
  EXPECT_NEAR(gain_of(biquad(low_shelf(rate, 110, 6)), 30), 6.0, 0.3);
  EXPECT_NEAR(gain_of(biquad(high_shelf(rate, 7000, -4)), 18000), -4.0, 0.3);
  EXPECT_NEAR(gain_of(biquad(bell(rate, 3000, 1.0, 5)), 3000), 5.0, 0.05);
  EXPECT_NEAR(gain_of(biquad(bell(rate, 3000, 1.0, 5)), 100), 0.0, 0.1);
}

TEST(filter, measured_and_computed_response_agree) {
  for (const double hz : {60.0, 500.0, 2000.0, 9000.0}) {
    const auto c = bell(rate, 900, 0.8, -6);
    EXPECT_NEAR(gain_of(biquad(c), hz), to_db(c.magnitude(hz, rate)), 0.05) << hz;
  }
}

TEST(filter, high_pass_takes_a_constant_offset_away) {
  stereo_buffer s(48000);
  std::fill(s.left.begin(), s.left.end(), 0.3f);
  s.right = s.left;
  biquad(high_pass(rate, 28)).process(s.view());
  EXPECT_LT(std::abs(s.left.back()), 1e-5f);
}

TEST(compressor, takes_what_its_ratio_says_above_the_threshold) {
  auto s = sine(1000, 1.0, 2.0);
  compressor({-12, 4.0, 0.005, 0.1, 0.0}, rate).process(s.view());
  EXPECT_NEAR(to_db(*std::max_element(s.left.end() - 4800, s.left.end())), -9.0, 0.3);
  auto quiet = sine(1000, 0.1, 1.0);
  const auto before = quiet.left;
  compressor({-12, 4.0, 0.005, 0.1, 0.0}, rate).process(quiet.view());
  EXPECT_EQ(quiet.left, before);
}

TEST(loudness, a_997_hz_sine_reads_what_the_recommendation_says) {
  for (const double db : {-20.0, -6.0}) {
    auto s = sine(997, from_db(db), 10.0);
    loudness_meter m(static_cast<int>(rate));
    m.add(s.view());
    EXPECT_NEAR(m.integrated_lufs(), db, 0.05);
    EXPECT_NEAR(gated_loudness(m.blocks()), m.integrated_lufs(), 0.01);
  }
}

TEST(loudness, blocks_do_not_depend_on_how_the_signal_is_cut) {
  auto s = noise(0.2, 3.0);
  loudness_meter whole(static_cast<int>(rate)), parts(static_cast<int>(rate));
  whole.add(s.view());
  for (std::size_t at = 0; at < s.size(); at += 777)
    parts.add(s.view().part(at, std::min<std::size_t>(777, s.size() - at)));
  EXPECT_EQ(whole.blocks(), parts.blocks());
  EXPECT_EQ(whole.blocks().size(), 27u);
}

TEST(loudness, silence_is_gated_out) {
  auto loud = sine(997, 0.1, 5.0);
  stereo_buffer silence(loud.size());
  loudness_meter m(static_cast<int>(rate));
  m.add(loud.view());
  m.add(silence.view());
  EXPECT_NEAR(m.integrated_lufs(), -20.0, 0.3);
}

TEST(true_peak, sees_between_the_samples) {
  // At a quarter of the rate and 45 degrees, every sample is 3 dB below the crest.
  auto s = sine(rate / 4, 1.0, 0.5, std::numbers::pi / 4);
  EXPECT_NEAR(to_db(*std::max_element(s.left.begin(), s.left.end())), -3.01, 0.01);
  EXPECT_NEAR(to_db(true_peak(s.view())), 0.0, 0.2);
}

TEST(true_peak, agrees_with_direct_interpolation_on_noise) {
  auto s = noise(0.8, 0.2);
  biquad(low_pass(rate, 9000)).process(s.view());
  const double direct = std::max(continuous_peak(s.left), continuous_peak(s.right));
  EXPECT_NEAR(to_db(true_peak(s.view())), to_db(direct), 0.3);
}

stereo_buffer bursts() {
  auto s = noise(0.9, 1.5);
  biquad(low_pass(rate, 12000)).process(s.view());
  for (std::size_t i = 0; i < s.size(); ++i)
    if (i / 2400 % 5 != 0) s.left[i] *= 0.1f, s.right[i] *= 0.1f;
  return s;
}

TEST(limiter, never_exceeds_its_ceiling_between_the_samples) {
  auto s = bursts();
  const limiter l(s.view(), static_cast<int>(rate));
  for (const double gain_db : {0.0, 6.0, 14.0}) {
    auto copy = s;
    const auto curve = l.curve(from_db(gain_db), from_db(-2.0));
    limiter::apply(copy.view(), 0, from_db(gain_db), curve);
    EXPECT_LE(to_db(true_peak(copy.view())), -2.0 + 0.02) << gain_db;
    const double direct = std::max(continuous_peak(copy.left), continuous_peak(copy.right));
    EXPECT_LE(to_db(direct), -2.0 + 0.15) << gain_db;
  }
}

TEST(limiter, leaves_what_is_below_the_ceiling_alone) {
  auto s = sine(440, 0.5, 0.5);
  const limiter l(s.view(), static_cast<int>(rate));
  for (const float g : l.curve(1.0, from_db(-2.0))) EXPECT_EQ(g, 1.0f);
}

TEST(limiter, applied_in_pieces_gives_the_same_sound) {
  auto whole = bursts();
  auto parts = whole;
  const limiter l(whole.view(), static_cast<int>(rate));
  const auto curve = l.curve(4.0, 0.8);
  limiter::apply(whole.view(), 0, 4.0, curve);
  for (std::size_t at = 0; at < parts.size(); at += 1600)
    limiter::apply(parts.view().part(at, std::min<std::size_t>(1600, parts.size() - at)), at, 4.0,
                   curve);
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(whole.left[i], parts.left[i], 1e-5);
}

TEST(master, reaches_loudness_and_ceiling_whatever_comes_in) {
  for (const double db : {-40.0, -20.0, -3.0}) {
    auto s = bursts();
    for (auto& x : s.left) x *= static_cast<float>(from_db(db));
    for (auto& x : s.right) x *= static_cast<float>(from_db(db));
    ASSERT_TRUE(master(s.view(), static_cast<int>(rate), {}, {}));
    loudness_meter m(static_cast<int>(rate));
    m.add(s.view());
    EXPECT_NEAR(m.integrated_lufs(), -14.0, 0.2) << db;
    EXPECT_LE(to_db(true_peak(s.view())), -1.98) << db;
  }
}

TEST(master, refuses_silence_and_honours_the_stop_token) {
  stereo_buffer silent(48000);
  EXPECT_EQ(master(silent.view(), static_cast<int>(rate), {}, {}).error().code, errc::internal);
  std::stop_source stop;
  stop.request_stop();
  auto s = bursts();
  EXPECT_EQ(master(s.view(), static_cast<int>(rate), {}, stop.get_token()).error().code,
            errc::cancelled);
}

TEST(reverb, dies_away_in_its_time_and_differs_left_and_right) {
  const room r{1.5, 1.0, 0.02, 6000, 180};
  reverb hall(r, rate);
  stereo_buffer s(static_cast<std::size_t>(4 * rate));
  s.left[0] = s.right[0] = 1.0f;
  hall.process(s.view());
  const auto level = [&](double from) {
    const auto part = std::span(s.left).subspan(static_cast<std::size_t>(from * rate), 9600);
    return to_db(rms(part));
  };
  EXPECT_EQ(*std::max_element(s.left.begin(), s.left.begin() + 900), 0.0f);  // the pre-delay
  EXPECT_LT(level(1.6), level(0.1) - 50.0);
  EXPECT_GT(level(0.8), level(0.1) - 45.0);
  EXPECT_LT(level(3.5), -100.0);
  double together = 0;
  for (std::size_t i = 0; i < s.size(); ++i)
    together += static_cast<double>(s.left[i] * s.right[i]);
  const double alike = together / (rms(s.left) * rms(s.right) * static_cast<double>(s.size()));
  EXPECT_LT(std::abs(alike), 0.6);
}

TEST(tempo_delay, repeats_on_time_and_softer_each_turn) {
  tempo_delay d(0.25, 0.4, rate);
  stereo_buffer s(static_cast<std::size_t>(1.2 * rate));
  s.left[0] = s.right[0] = 1.0f;
  d.process(s.view());
  EXPECT_NEAR(s.left[12000], 1.0f, 1e-6);
  const auto peak_near = [](const std::vector<float>& v, std::size_t at) {
    float most = 0;
    for (std::size_t i = at; i < at + 200; ++i) most = std::max(most, std::abs(v[i]));
    return most;
  };
  EXPECT_GT(peak_near(s.right, 24000), 0.1f);
  EXPECT_LT(peak_near(s.left, 36000), peak_near(s.right, 24000));
  EXPECT_EQ(peak_near(s.left, 6000), 0.0f);
}

TEST(tape_drift, bends_the_pitch_by_less_than_eight_cents) {
  auto s = sine(1000, 0.5, 4.0);
  tape_drift(rate).process(s.view());
  std::vector<double> crossings;
  for (std::size_t i = 4800; i + 1 < s.size(); ++i)
    if (s.left[i] < 0 && s.left[i + 1] >= 0)
      crossings.push_back(static_cast<double>(i) -
                          static_cast<double>(s.left[i] / (s.left[i + 1] - s.left[i])));
  double most = 0;
  for (std::size_t i = 50; i < crossings.size(); ++i) {
    const double period = (crossings[i] - crossings[i - 50]) / 50.0;
    most = std::max(most, std::abs(1200.0 * std::log2(rate / period / 1000.0)));
  }
  EXPECT_LT(most, 8.0);
  EXPECT_GT(most, 1.0);
}

TEST(tone, lofi_is_dull_noisy_and_the_same_each_time) {
  const auto through = [](std::uint64_t seed) {
    auto s = noise(0.1, 2.0);
    tone(tone_of(colour::lofi), quality::standard, seed, rate).process(s.view());
    return s;
  };
  const auto a = through(3), b = through(3), c = through(4);
  EXPECT_EQ(a.left, b.left);
  EXPECT_NE(a.left, c.left);
  auto high = a;
  biquad(high_pass(rate, 15000)).process(high.view());
  EXPECT_LT(to_db(rms(high.left) / rms(a.left)), -20.0);
}

TEST(tone, every_colour_keeps_a_signal_finite_and_without_offset) {
  for (int c = 0; c <= static_cast<int>(colour::vintage); ++c) {
    auto s = noise(0.3, 1.0);
    for (auto& x : s.left) x += 0.2f;
    tone(tone_of(static_cast<colour>(c)), quality::ultra, 1, rate).process(s.view());
    double sum = 0;
    for (std::size_t i = s.size() / 2; i < s.size(); ++i) sum += static_cast<double>(s.left[i]);
    EXPECT_LT(std::abs(sum / static_cast<double>(s.size() / 2)), 0.003) << c;
    EXPECT_LT(rms(s.left), 1.0) << c;
  }
}

}  // namespace
}  // namespace son1k::music::render
