// Thousands of words thrown together: whatever comes, understand() answers and compose() is whole.
#include <gtest/gtest.h>

#include <vector>

#include "music/brief/lexicon.hpp"
#include "music/compose/compose.hpp"
#include "music/compose/random.hpp"
#include "music/midi_file.hpp"

namespace {

using namespace son1k::music;

std::string some_word(rng& random) {
  static const std::vector<std::string> odd = {"3/4",
                                               "7/8",
                                               "2:30",
                                               "80 bpm",
                                               "-",
                                               ",",
                                               "no",
                                               "sin",
                                               "F#m",
                                               "si bemol",
                                               "\xE2\x99\xAF",
                                               "solo",
                                               "en",
                                               "in",
                                               "a",
                                               "minuto y medio",
                                               "9999999999",
                                               "0",
                                               "\xF0\x9F\x8E\xB5",
                                               "only",
                                               "menor"};
  switch (random.below(5)) {
    case 0:
      return odd[static_cast<std::size_t>(random.below(static_cast<int>(odd.size())))];
    case 1:
      return std::string(random.pick(instrument_words()).english);
    case 2:
      return std::string(random.pick(style_words()).spanish);
    case 3:
      return std::string(random.pick(mood_words()).english);
    default:
      return std::string(random.pick(instrument_words()).spanish);
  }
}

TEST(random_prompts, never_break_the_composer) {
  rng random(99);
  int composed = 0;
  for (int i = 0; i < 600; ++i) {
    piece_request r;
    const int words = 1 + random.below(8);
    for (int w = 0; w < words; ++w) {
      std::string word = some_word(random);
      word = word.substr(0, word.find('|'));
      r.prompt += word + " ";
    }
    r.duration_seconds = 5 + random.below(60);
    r.seed = random.next();
    const auto b = understand(r);
    if (!b) {
      EXPECT_FALSE(b.error().field.empty()) << r.prompt;
      continue;
    }
    const score s = compose(*b, r.seed);
    ++composed;
    EXPECT_FALSE(s.tracks.empty()) << r.prompt;
    EXPECT_GT(write_midi(s).size(), 100U);
    for (const track& t : s.tracks) {
      for (const note& n : t.notes) {
        ASSERT_LE(seconds_of(s, n.tick + n.duration), s.duration_seconds) << r.prompt;
      }
    }
  }
  EXPECT_GT(composed, 400);
}

TEST(random_prompts, random_bytes_are_an_error_or_a_piece) {
  rng random(7);
  for (int i = 0; i < 500; ++i) {
    piece_request r;
    for (int n = random.below(60); n >= 0; --n) r.prompt += static_cast<char>(random.below(256));
    r.duration_seconds = 5;
    if (const auto b = understand(r)) {
      EXPECT_FALSE(compose(*b, 1).sections.empty());
    }
  }
}

}  // namespace
