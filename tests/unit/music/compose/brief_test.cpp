// What the parser understands, in both languages: one row a prompt.
#include "music/brief/brief.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace {

using namespace son1k;
using namespace son1k::music;

brief understood(const std::string& prompt) {
  piece_request r;
  r.prompt = prompt;
  const auto b = understand(r);
  EXPECT_TRUE(b.has_value()) << prompt << ": " << (b ? "" : b.error().what());
  return b ? *b : brief{};
}

// Only what a row names is checked.
struct row {
  std::string prompt{};
  std::string style{};
  double bpm = 0;
  std::string key{};  // "D minor"
  int seconds = 0;
  std::string metre{};
};

class understands : public testing::TestWithParam<row> {};

TEST_P(understands, what_the_prompt_says) {
  const row& r = GetParam();
  const brief b = understood(r.prompt);
  if (!r.style.empty()) {
    EXPECT_EQ(b.style, r.style);
    EXPECT_EQ(b.style_from, origin::prompt);
  }
  if (r.bpm > 0) {
    EXPECT_DOUBLE_EQ(b.bpm, r.bpm);
    EXPECT_EQ(b.bpm_from, origin::prompt);
  }
  if (!r.key.empty()) {
    EXPECT_EQ(key_name(b), r.key);
    EXPECT_EQ(b.tonic_from, origin::prompt);
  }
  if (r.seconds > 0) {
    EXPECT_EQ(b.duration_seconds, r.seconds);
    EXPECT_EQ(b.duration_from, origin::prompt);
  }
  if (!r.metre.empty()) {
    EXPECT_EQ(std::to_string(b.beats_per_bar) + "/" + std::to_string(b.beat_unit), r.metre);
    EXPECT_EQ(b.metre_from, origin::prompt);
  }
}

INSTANTIATE_TEST_SUITE_P(
    english, understands,
    testing::Values(
        row{"melancholic lo-fi piano 80 bpm in D minor with soft drums", "lofi", 80, "D minor"},
        row{"LO-FI beats, 80BPM, key of Eb", "lofi", 80, "Eb major"},
        row{"upbeat pop song 120 bpm in C major 45 seconds", "pop", 120, "C major", 45},
        row{"jazz waltz in F major, 2:30", "jazz", 0, "F major", 150, "3/4"},
        row{"waltz for strings in G major", "waltz", 0, "G major", 0, "3/4"},
        row{"slow blues in E", "slow blues", 0, "E major"},
        row{"rock at 140 in F#m for 1 min", "rock", 140, "F# minor", 60},
        row{"ambient music, tempo 70, B flat minor, two minutes", "ambient", 70, "Bb minor", 120},
        row{"techno 132.5 bpm in A minor", "techno", 132.5, "A minor"},
        row{"drum and bass 174 bpm in the key of G minor", "drum and bass", 174, "G minor"},
        row{"hip-hop 92 beats per minute, D dorian", "hip-hop", 92, "D dorian"},
        row{"folk in 6/8, C mixolydian, a minute and a half", "folk", 0, "C mixolydian", 90, "6/8"},
        row{"bossa nova in Bb major one and a half minutes", "bossa nova", 0, "Bb major", 90},
        row{"80s synthwave 100 bpm", "synthwave", 100},
        row{"a 60s soul song lasting 30 s", "soul", 0, "", 30},
        row{"celtic jig in D major half a minute", "celtic", 0, "D major", 30},
        row{"heavy metal in E phrygian, tempo: 150", "metal", 150, "E phrygian"},
        row{"classical allegro in C# minor", "classical", 0, "C# minor"},
        row{"house 1 minute and 20 seconds key: A minor", "house", 0, "A minor", 80},
        row{"reggae in G, 76 bpm", "reggae", 76, "G major"},
        row{"country 5/4 in A", "country", 0, "A major", 0, "5/4"},
        row{"funk forty five seconds", "funk", 0, "", 45},
        row{"cinematic trailer in c minor 100 bpm", "cinematic", 100, "C minor"},
        row{"trap beat 140bpm 20s in G♯ minor", "trap", 140, "G# minor", 20},
        row{"bluegrass banjo 1m30s", "bluegrass", 0, "", 90},
        row{"drum & bass 3 min in F lydian", "drum and bass", 0, "F lydian", 180},
        row{"tango in A minor, 118 bpm, 3/4", "tango", 118, "A minor", 0, "3/4"},
        row{"gospel in Ab major 76 bpm", "gospel", 76, "Ab major"},
        row{"R&B 70 bpm in D♭ major", "r&b", 70, "Db major"},
        row{"disco in Am 118 bpm", "disco", 118, "A minor"}));

INSTANTIATE_TEST_SUITE_P(
    spanish, understands,
    testing::Values(
        row{"cumbia alegre con acordeón, 100 bpm, 90 segundos", "cumbia", 100, "", 90},
        row{"CUMBIA ALEGRE CON ACORDEÓN A 100 PULSACIONES", "cumbia", 100},
        row{"piano triste lo-fi en re menor", "lofi", 0, "D minor"},
        row{"vals romántico en la menor, minuto y medio", "waltz", 0, "A minor", 90, "3/4"},
        row{"rock en mi menor a 140 pulsaciones por minuto", "rock", 140, "E minor"},
        row{"balada en si bemol mayor de dos minutos", "ballad", 0, "Bb major", 120},
        row{"jazz en fa mayor, un minuto y 20 segundos", "jazz", 0, "F major", 80},
        row{"salsa en do# menor", "salsa", 0, "C# minor"},
        row{"bossa nova en fa sostenido menor", "bossa nova", 0, "F# minor"},
        row{"tango en sol menor, medio minuto", "tango", 0, "G minor", 30},
        row{"música clásica en do mayor, cuarenta y cinco segundos", "classical", 0, "C major", 45},
        row{"reguetón a 94 bpm en la menor", "reggaeton", 94, "A minor"},
        row{"música ambiental en re dórico 70 bpm", "ambient", 70, "D dorian"},
        row{"folclore en 6/8, tonalidad de re mayor", "folk", 0, "D major", 0, "6/8"},
        row{"bachata romántica en si menor 126 ppm", "bachata", 126, "B minor"},
        row{"merengue a 140, 1:15", "merengue", 0, "", 75},
        row{"banda sonora épica en do menor", "cinematic", 0, "C minor"},
        row{"samba alegre en la mayor 100 bpm", "samba", 100, "A major"},
        row{"flamenco en mi frigio", "flamenco", 0, "E phrygian"},
        row{"techno oscuro tempo 130 en fa menor", "techno", 130, "F minor"},
        row{"vals en tres por cuatro en re mayor", "waltz", 0, "D major", 0, "3/4"},
        row{"blues en mi mayor, treinta segundos", "blues", 0, "E major", 30},
        row{"country con banjo en sol mayor", "country", 0, "G major"},
        row{"hip hop a 90 bpm en tono de fa menor", "hip-hop", 90, "F minor"},
        row{"reggae en re", "reggae", 0, "D major"}));

struct pace_row {
  std::string slow, fast;
};
class pace : public testing::TestWithParam<pace_row> {};
TEST_P(pace, slow_words_are_slower_than_fast_ones) {
  EXPECT_LT(understood(GetParam().slow).bpm, understood(GetParam().fast).bpm - 10);
}
INSTANTIATE_TEST_SUITE_P(both_languages, pace,
                         testing::Values(pace_row{"slow rock", "fast rock"},
                                         pace_row{"rock lento", "rock rápido"},
                                         pace_row{"piano adagio", "piano presto"},
                                         pace_row{"largo", "vivace"},
                                         pace_row{"downtempo pop", "uptempo pop"},
                                         pace_row{"cumbia lenta", "cumbia rápida"}));

bool excludes(const brief& b, const std::string& name) {
  return std::count(b.excluded.begin(), b.excluded.end(), name) > 0;
}

const instrument_wish* wish(const brief& b, const std::string& name) {
  for (const instrument_wish& w : b.instruments) {
    if (w.name == name) return &w;
  }
  return nullptr;
}

TEST(brief, negatives_exclude_in_both_languages) {
  for (const char* prompt : {"pop song no drums", "pop without drums", "pop sin batería",
                             "canción pop sin tambores", "pop, no piano or drums"}) {
    const brief b = understood(prompt);
    EXPECT_TRUE(excludes(b, "drums")) << prompt;
    EXPECT_EQ(wish(b, "drums"), nullptr) << prompt;
  }
  EXPECT_TRUE(excludes(understood("jazz sin piano ni batería"), "piano"));
  EXPECT_TRUE(excludes(understood("jazz sin piano ni batería"), "drums"));
  EXPECT_TRUE(excludes(understood("rock without guitars"), "guitar"));
}

TEST(brief, a_negation_ends_with_its_clause) {
  const brief b = understood("no drums, with piano and flute");
  EXPECT_TRUE(excludes(b, "drums"));
  EXPECT_NE(wish(b, "acoustic piano"), nullptr);
  EXPECT_NE(wish(b, "flute"), nullptr);
}

TEST(brief, negative_tags_are_all_negative) {
  piece_request r;
  r.prompt = "pop with piano and drums";
  r.negative_tags = "drums, guitar";
  const auto b = understand(r);
  ASSERT_TRUE(b);
  EXPECT_TRUE(excludes(*b, "drums"));
  EXPECT_TRUE(excludes(*b, "guitar"));
  EXPECT_EQ(wish(*b, "drums"), nullptr);
  EXPECT_NE(wish(*b, "acoustic piano"), nullptr);
}

TEST(brief, qualifiers_belong_to_their_instrument) {
  EXPECT_LT(wish(understood("lofi with soft drums"), "drums")->gain_db, 0);
  EXPECT_LT(wish(understood("lofi con batería suave"), "drums")->gain_db, 0);
  EXPECT_GT(wish(understood("rock with loud bass"), "finger bass")->gain_db, 0);
  EXPECT_EQ(wish(understood("jazz with lead trumpet"), "trumpet")->part, part_wish::lead);
}

TEST(brief, solo_means_nothing_else) {
  EXPECT_TRUE(understood("solo piano in C major").only_asked);
  EXPECT_TRUE(understood("only guitar").only_asked);
  EXPECT_TRUE(understood("just a piano").only_asked);
  EXPECT_FALSE(understood("just a happy song with piano").only_asked);
  EXPECT_FALSE(understood("rock with a guitar solo").only_asked);
  EXPECT_FALSE(understood("piano and strings").only_asked);
}

TEST(brief, instruments_are_found_in_both_languages) {
  EXPECT_NE(wish(understood("cumbia con acordeón, güiro y congas"), "accordion"), nullptr);
  EXPECT_NE(wish(understood("cumbia con acordeón, güiro y congas"), "guiro"), nullptr);
  EXPECT_NE(wish(understood("cumbia con acordeón, güiro y congas"), "congas"), nullptr);
  EXPECT_NE(wish(understood("música con violines y flautas"), "violin"), nullptr);
  EXPECT_NE(wish(understood("saxophone and upright bass"), "upright bass"), nullptr);
  EXPECT_NE(wish(understood("guitarra eléctrica limpia"), "clean guitar"), nullptr);
}

TEST(brief, moods_have_valence_and_energy) {
  EXPECT_LT(understood("sad slow piano").mood.valence, -0.5);
  EXPECT_GT(understood("canción muy alegre").mood.valence, 0.5);
  EXPECT_GT(understood("furious metal").mood.energy, 0.8);
  EXPECT_LT(understood("música tranquila para dormir").mood.energy, 0.4);
}

TEST(brief, the_minor_key_article_is_not_a_tonic) {
  const brief b = understood("pop in a minor key");
  EXPECT_EQ(b.tonic_from, origin::chosen);
  EXPECT_TRUE(is_minor(b.key_mode));
  EXPECT_EQ(b.mode_from, origin::prompt);
}

TEST(brief, everyday_words_are_not_keys) {
  for (const char* prompt : {"a song in the rain", "canción en la playa", "la mayor parte es suave",
                             "a major hit", "música en mi casa", "do you like pop"}) {
    EXPECT_EQ(understood(prompt).tonic_from, origin::chosen) << prompt;
  }
}

TEST(brief, the_first_of_two_conflicting_values_counts) {
  const brief b = understood("pop 120 bpm 90 bpm in C major in D minor");
  EXPECT_EQ(b.bpm, 120);
  EXPECT_EQ(key_name(b), "C major");
  EXPECT_FALSE(b.ignored.empty());
}

TEST(brief, the_duration_field_beats_the_prompt) {
  piece_request r;
  r.prompt = "pop 45 seconds";
  r.duration_seconds = 30;
  const auto b = understand(r);
  ASSERT_TRUE(b);
  EXPECT_EQ(b->duration_seconds, 30);
  EXPECT_EQ(b->duration_from, origin::field);
}

TEST(brief, unknown_words_are_reported_as_ignored) {
  const brief b = understood("pop with xylquix and piano");
  EXPECT_EQ(b.ignored, std::vector<std::string>{"xylquix"});
}

TEST(brief, the_language_is_told) {
  EXPECT_EQ(understood("a happy pop song with piano").tongue, language::english);
  EXPECT_EQ(understood("una canción alegre con piano").tongue, language::spanish);
}

TEST(brief, vocals_are_answered_with_a_note) {
  EXPECT_FALSE(understood("pop with female vocals").notes.empty());
  EXPECT_TRUE(understood("pop without vocals").notes.empty());
}

struct bad_row {
  std::string name;
  piece_request request;
  errc code;
  std::string field;
};

std::vector<bad_row> bad_rows() {
  const auto prompt = [](std::string p) {
    piece_request r;
    r.prompt = std::move(p);
    return r;
  };
  const auto seconds = [](int s) {
    piece_request r;
    r.prompt = "pop";
    r.duration_seconds = s;
    return r;
  };
  piece_request style;
  style.prompt = "pop";
  style.style = "\xC3(";
  return {{"empty", prompt(""), errc::validation, "prompt"},
          {"blank", prompt(" \t\n\xC2\xA0\xE2\x80\x89"), errc::validation, "prompt"},
          {"too_long", prompt(std::string(2001, 'a')), errc::validation, "prompt"},
          {"not_utf8", prompt("pop \xFF"), errc::malformed, "prompt"},
          {"overlong", prompt("\xC0\xAF"), errc::malformed, "prompt"},
          {"surrogate", prompt("\xED\xA0\x80"), errc::malformed, "prompt"},
          {"cut_off", prompt("caf\xC3"), errc::malformed, "prompt"},
          {"style_not_utf8", style, errc::malformed, "style"},
          {"duration_4", seconds(4), errc::validation, "duration"},
          {"duration_601", seconds(601), errc::validation, "duration"},
          {"duration_huge", seconds(1000000000), errc::validation, "duration"},
          {"duration_negative", seconds(-1), errc::validation, "duration"},
          {"prompt_20_minutes", prompt("pop 20 minutes"), errc::validation, "prompt"},
          {"prompt_1000_bpm", prompt("pop 1000 bpm"), errc::validation, "prompt"},
          {"prompt_13_16", prompt("pop in 13/16"), errc::validation, "prompt"}};
}

TEST(brief, bad_input_is_refused_by_name_in_both_languages) {
  for (const bad_row& r : bad_rows()) {
    const auto b = understand(r.request);
    ASSERT_FALSE(b) << r.name;
    EXPECT_EQ(b.error().code, r.code) << r.name;
    EXPECT_EQ(b.error().field, r.field) << r.name;
    EXPECT_FALSE(b.error().message.en.empty()) << r.name;
    EXPECT_FALSE(b.error().message.es.empty()) << r.name;
  }
}

TEST(brief, two_thousand_code_points_are_allowed_however_many_bytes) {
  std::string prompt;
  for (int i = 0; i < 2000; ++i) prompt += "é";
  piece_request request;
  request.prompt = prompt;
  EXPECT_TRUE(understand(request).has_value());
}

TEST(brief, json_says_what_was_told_and_what_was_chosen) {
  const auto json = to_json(understood("lofi piano 80 bpm in D minor"));
  EXPECT_EQ(boost::json::serialize(json.at("tempo")), R"({"value":80,"source":"prompt"})");
  EXPECT_EQ(boost::json::serialize(json.at("key")), R"({"value":"D minor","source":"prompt"})");
  EXPECT_EQ(json.at("metre").at("source").as_string(), "chosen");
}

}  // namespace
