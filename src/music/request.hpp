// What a caller asks of the local composer. Everything but the prompt may be left open; explicit
// values win over what the prompt says, and both win over what the genre suggests.
#pragma once
#include <array>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace son1k::music {

enum class quality { standard, premium, ultra };
enum class audio_format { mp3, ogg, flac, wav };
// What requests, jobs and the command line call them, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> quality_names{"standard", "premium", "ultra"};
inline constexpr std::array<std::string_view, 4> format_names{"mp3", "ogg", "flac", "wav"};

// A stretch of a piece that was extended: until when it goes, counted from the beginning, and what
// was asked of it beyond the prompt of the whole.
struct piece_part {
  int until_seconds = 0;
  std::string prompt;  // may be empty
};
inline constexpr std::size_t piece_parts_max = 20;

struct piece_request {
  std::string prompt;                   // valid UTF-8, 1..2000 code points
  std::string style;                    // more words to understand, may be empty
  std::string negative_tags;            // "no drums, no piano"
  std::string title;                    // may be empty
  std::string lyrics;                   // kept as timed text; nothing is sung
  std::optional<int> duration_seconds;  // 5..600; beats the prompt's "45 seconds"
  quality grade = quality::standard;
  bool instrumental = true;
  std::uint64_t seed = 0;
  // Of an extended piece, in order: the first is the piece as it was composed, each other one goes
  // on where the one before would have ended. The last goes to the end. Empty: not extended.
  std::vector<piece_part> parts;
};

// Parts as jobs carry them: [{"until":60},{"until":90,"prompt":"…"}]. Null: none. Nothing: it is no
// such list.
std::optional<std::vector<piece_part>> read_parts(const boost::json::value* list);

}  // namespace son1k::music
