// What a caller asks of the local composer. Everything but the prompt may be left open; explicit
// values win over what the prompt says, and both win over what the genre suggests.
#pragma once
#include <array>
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
};

}  // namespace son1k::music
