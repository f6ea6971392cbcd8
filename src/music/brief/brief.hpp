// The brief: what the local composer understood of a request, each value with where it came from.
// Plain values, no shared state; every function here is pure and thread safe. The composer needs
// nothing but a brief and a seed.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "music/request.hpp"

namespace son1k::music {

enum class language { unknown, english, spanish };

enum class genre {
  pop,
  rock,
  metal,
  jazz,
  blues,
  classical,
  electronic,
  hip_hop,
  lofi,
  funk,
  soul,
  country,
  folk,
  reggae,
  latin,
  ambient,
  cinematic
};

enum class mode { major, minor, dorian, phrygian, lydian, mixolydian };

// Who decided a value: the prompt or a field of the request (both are hard constraints), or the
// composer, led by genre, mood and seed.
enum class origin { chosen, prompt, field };

struct mood_profile {
  double valence = 0.0;            // -1 sad .. 1 happy
  double energy = 0.5;             // 0 still .. 1 wild
  std::vector<std::string> words;  // English names of the moods that were heard
};

// How an asked instrument should take part.
enum class part_wish { any, lead, accompaniment };

struct instrument_wish {
  std::string name;         // "electric piano", English, see instruments.hpp
  int program = 0;          // General MIDI program; meaningless where percussion
  bool percussion = false;  // drums and hand percussion
  part_wish part = part_wish::any;
  double gain_db = 0.0;  // "soft drums" -4, "loud guitars" +3
};

struct brief {
  std::string prompt;  // as given, trimmed
  language tongue = language::unknown;

  genre kind = genre::pop;
  std::string style;  // the row of styles/style.hpp: "lofi", "cumbia", "house"
  origin style_from = origin::chosen;

  mood_profile mood;

  // Beats per minute as a musician counts them: of quarters, or of dotted quarters in 6/8, 9/8 and
  // 12/8. score::bpm is always of quarters; see quarter_bpm().
  double bpm = 100.0;
  origin bpm_from = origin::chosen;

  int key_tonic = 0;  // pitch class 0 = C .. 11 = B
  mode key_mode = mode::major;
  bool flat_spelling = false;  // "Eb" rather than "D#"
  origin tonic_from = origin::chosen;
  origin mode_from = origin::chosen;

  int beats_per_bar = 4;
  int beat_unit = 4;
  origin metre_from = origin::chosen;

  std::vector<instrument_wish> instruments;  // asked for, in order
  std::vector<std::string> excluded;         // instruments and families not wanted, English names

  int duration_seconds = 60;
  origin duration_from = origin::chosen;

  std::string title;
  origin title_from = origin::chosen;

  bool only_asked = false;  // "solo piano": nothing but the asked instruments

  quality grade = quality::standard;
  std::uint64_t seed = 0;

  std::vector<std::string> ignored;  // words of the prompt that changed nothing
  std::vector<text> notes;           // what the caller should know ("no vocals")
};

// Parses and validates a request. Errors: errc::malformed (field "prompt", "style", ...) for text
// that is not UTF-8; errc::validation naming the field for an empty or blank prompt, more than
// 2000 code points, a duration outside 5..600 s, and a tempo, metre or duration in the prompt
// that cannot be played. Same request, same brief.
result<brief> understand(const piece_request& request);

// What was understood, for a reply: each of tempo, key, metre, genre and duration as
// {value, source: "prompt"|"field"|"chosen"}, with mood, instruments, excluded, ignored, notes.
boost::json::object to_json(const brief& b);

// "D minor", "Eb major", "A dorian".
std::string key_name(const brief& b);
std::string_view name_of(genre g);
std::string_view name_of(mode m);
bool is_minor(mode m);               // minor, dorian, phrygian
bool is_compound(const brief& b);    // 6/8, 9/8, 12/8: the beat is a dotted quarter
double quarter_bpm(const brief& b);  // what score::bpm holds

}  // namespace son1k::music
