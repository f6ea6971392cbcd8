// A second listener for the key: spectral peaks whose overtones are taken out first, so that loud
// fifths above a bass do not pull towards the dominant. Pure, thread safe.
#pragma once
#include <span>

#include "support/music_analysis.hpp"

namespace son1k::test {

// Sources: harmonic weighting after Gomez 2006; profiles of Krumhansl & Kessler 1982 and Temperley
// 1999. `mono` at 44.1 kHz.
key_estimate key_without_overtones(std::span<const float> mono);

}  // namespace son1k::test
