// Listens to finished sound as an outsider would: key from a chromagram against key profiles,
// tempo from the periodicity of onsets. Shares no code with the composer. Pure, thread safe.
#pragma once
#include <span>
#include <string>

namespace son1k::test {

struct key_estimate {
  int tonic = 0;  // pitch class 0 = C .. 11 = B
  bool minor = false;
  double confidence = 0.0;  // correlation of the best key less that of the next
};

// Sources: Krumhansl & Kessler 1982 and Temperley 1999 (profiles), correlation after Krumhansl
// 1990. `mono` is samples of about -1..1; under a second of sound gives confidence 0.
key_estimate estimate_key(std::span<const float> mono, int sample_rate);

// Beats per minute, 40..240; 0 if nothing pulses. The octave (half, double) may be the listener's
// own. Spectral flux and autocorrelation, after Scheirer 1998 and Percival & Tzanetakis 2014.
double estimate_bpm(std::span<const float> mono, int sample_rate);

// Whether an estimate agrees with the asked tempo, an octave apart or not; in compound metres the
// listener may also count the eighths in threes. `tolerance` is relative.
bool same_tempo(double estimate, double asked, double tolerance = 0.03, bool compound = false);

std::string key_text(const key_estimate& k);  // "D minor"

}  // namespace son1k::test
