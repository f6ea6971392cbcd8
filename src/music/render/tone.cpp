#include "music/render/tone.hpp"

#include <algorithm>
#include <array>

namespace son1k::music::render {
namespace {

using enum colour;

// Rooms: decay s, size, pre-delay s, damping Hz, low cut Hz. Then reverb, low, mud, presence, high,
// low pass, high pass, drive, width, hiss, crackle, drift.
constexpr std::array tones = {
    tone_settings{clean,
                  {1.5, 0.90, 0.018, 6500, 190},
                  -3.0,
                  0.0,
                  -1.0,
                  0.5,
                  1.0,
                  0,
                  28,
                  0,
                  1.08,
                  0,
                  0,
                  false},
    tone_settings{warm,
                  {1.6, 0.95, 0.016, 4800, 180},
                  -3.0,
                  1.0,
                  -0.5,
                  -0.5,
                  -1.0,
                  0,
                  28,
                  1.5,
                  1.05,
                  0,
                  0,
                  false},
    tone_settings{lofi,
                  {1.3, 0.80, 0.012, 3200, 220},
                  -4.0,
                  1.5,
                  0.0,
                  -1.0,
                  -2.0,
                  7200,
                  42,
                  3.0,
                  0.92,
                  -64,
                  -50,
                  true},
    tone_settings{bright,
                  {1.4, 0.85, 0.020, 8000, 210},
                  -3.5,
                  0.0,
                  -1.5,
                  1.0,
                  2.0,
                  0,
                  30,
                  0,
                  1.10,
                  0,
                  0,
                  false},
    tone_settings{dark,
                  {2.2, 1.15, 0.022, 3600, 160},
                  -2.0,
                  1.5,
                  0.0,
                  -1.0,
                  -2.5,
                  0,
                  26,
                  1.0,
                  1.08,
                  0,
                  0,
                  false},
    tone_settings{wide_ambient,
                  {4.2, 1.45, 0.030, 5200, 170},
                  1.0,
                  0.5,
                  -1.5,
                  -0.5,
                  0.5,
                  0,
                  26,
                  0,
                  1.22,
                  0,
                  0,
                  false},
    tone_settings{club,
                  {1.2, 0.75, 0.012, 6500, 240},
                  -4.5,
                  1.5,
                  -1.5,
                  0.5,
                  1.5,
                  0,
                  28,
                  2.5,
                  1.08,
                  0,
                  0,
                  false},
    tone_settings{live_room,
                  {0.9, 0.55, 0.008, 5600, 170},
                  -1.5,
                  0.5,
                  -1.0,
                  0.5,
                  0.5,
                  0,
                  30,
                  1.0,
                  1.05,
                  0,
                  0,
                  false},
    tone_settings{vintage,
                  {1.4, 0.70, 0.010, 3800, 200},
                  -2.5,
                  0.5,
                  0.5,
                  0.5,
                  -2.0,
                  9500,
                  55,
                  2.5,
                  0.88,
                  -66,
                  0,
                  false},
};

// Every mix arrives at about -15 LUFS before mastering, so fixed thresholds serve.
constexpr compressor_settings glue_settings{-9.0, 1.8, 0.03, 0.25, 0.0};
constexpr double mono_below_hz = 110.0;
constexpr double crackles_per_second = 5.0;

}  // namespace

const tone_settings& tone_of(colour c) {
  for (const auto& r : tones)
    if (r.sound == c) return r;
  return tones.front();
}

surface_noise::surface_noise(double hiss_db, double crackle_db, std::uint64_t seed,
                             double sample_rate)
    : hiss_(hiss_db < 0 ? static_cast<float>(from_db(hiss_db)) : 0.0f),
      crackle_(crackle_db < 0 ? static_cast<float>(from_db(crackle_db)) : 0.0f),
      state_(static_cast<std::uint32_t>(seed ^ (seed >> 32)) * 2654435761u + 97u),
      tick_below_(static_cast<std::uint32_t>(crackles_per_second / sample_rate * 4294967295.0)),
      decay_(static_cast<float>(std::exp(-1.0 / (0.0006 * sample_rate)))),
      shape_(bell(sample_rate, 2600.0, 0.6, 8.0)) {}

std::uint32_t surface_noise::random() {
  state_ ^= state_ << 13;
  state_ ^= state_ >> 17;
  state_ ^= state_ << 5;
  return state_;
}

void surface_noise::add_to(stereo_view block) {
  const auto centred = [this] { return static_cast<float>(random()) * 0x1p-31f - 1.0f; };
  if (noise_.size() < block.size()) noise_ = stereo_buffer(block.size());
  const auto noise = noise_.view().part(0, block.size());
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (random() < tick_below_) {
      const float size = centred();
      const float place = 0.5f + 0.4f * centred();
      pop_left_ += size * size * size * (1.0f - place) * 2.0f;
      pop_right_ += size * size * size * place * 2.0f;
    }
    noise.left[i] = hiss_ * centred() + crackle_ * 2.0f * pop_left_ * centred();
    noise.right[i] = hiss_ * centred() + crackle_ * 2.0f * pop_right_ * centred();
    pop_left_ *= decay_;
    pop_right_ *= decay_;
  }
  shape_.process(noise);
  for (std::size_t i = 0; i < block.size(); ++i) {
    block.left[i] += noise.left[i];
    block.right[i] += noise.right[i];
  }
}

tone::tone(const tone_settings& t, quality grade, std::uint64_t seed, double sample_rate)
    : settings_(t),
      side_low_cut_(high_pass(sample_rate, mono_below_hz)),
      glue_(glue_settings, sample_rate) {
  const auto add = [&](bool wanted, const biquad_coefficients& c) {
    if (wanted) filters_.emplace_back(c);
  };
  add(true, high_pass(sample_rate, t.high_pass_hz));
  add(t.low_shelf_db != 0, low_shelf(sample_rate, 110.0, t.low_shelf_db));
  add(t.mud_db != 0, bell(sample_rate, 330.0, 0.8, t.mud_db));
  add(t.presence_db != 0, bell(sample_rate, 3000.0, 0.8, t.presence_db));
  add(t.high_shelf_db != 0, high_shelf(sample_rate, 7000.0, t.high_shelf_db));
  add(t.low_pass_hz > 0, low_pass(sample_rate, t.low_pass_hz, 0.65));
  add(t.low_pass_hz > 0 && t.drift, low_pass(sample_rate, t.low_pass_hz * 1.5, 0.7071));
  // The finer grades get the air that the fonts' old samples lack.
  add(t.low_pass_hz == 0 && grade != quality::standard, high_shelf(sample_rate, 12000.0, 1.0));
  if (t.drift) drift_.emplace(sample_rate);
  if (t.hiss_db < 0 || t.crackle_db < 0) noise_.emplace(t.hiss_db, t.crackle_db, seed, sample_rate);
}

void tone::widen(stereo_view mix) {
  if (side_.size() < mix.size()) side_ = stereo_buffer(mix.size());
  const auto side = side_.view().part(0, mix.size());
  const auto width = static_cast<float>(0.5 * settings_.width);
  for (std::size_t i = 0; i < mix.size(); ++i) {
    side.left[i] = width * (mix.left[i] - mix.right[i]);
    side.right[i] = 0.0f;
  }
  side_low_cut_.process(side);
  for (std::size_t i = 0; i < mix.size(); ++i) {
    const float middle = 0.5f * (mix.left[i] + mix.right[i]);
    mix.left[i] = middle + side.left[i];
    mix.right[i] = middle - side.left[i];
  }
}

void tone::saturate(stereo_view mix) {
  // x - x^3/6.75 up to 1.5, where it is flat at 1: third harmonics only, no fold over worth hearing
  // at these levels.
  const auto drive = static_cast<float>(from_db(settings_.drive_db));
  const float back = 1.0f / std::sqrt(drive);
  const auto bend = [drive, back](float x) {
    const float y = std::clamp(x * drive, -1.5f, 1.5f);
    return (y - y * y * y * (4.0f / 27.0f)) * back;
  };
  for (auto& x : mix.left) x = bend(x);
  for (auto& x : mix.right) x = bend(x);
}

void tone::process(stereo_view mix) {
  if (drift_) drift_->process(mix);
  if (settings_.drive_db > 0) saturate(mix);
  for (auto& f : filters_) f.process(mix);
  glue_.process(mix);
  widen(mix);
  if (noise_) noise_->add_to(mix);
}

}  // namespace son1k::music::render
