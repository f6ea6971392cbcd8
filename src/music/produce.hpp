// A prompt becomes finished files: understand -> compose -> render -> master -> encode -> measure.
// produce() is a plain blocking call for a compute thread. Calls are independent of each other and
// may run at the same time in several threads (one synthesiser a call). The files are the caller's;
// nothing is left in the folder when a call fails or is cancelled.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "music/brief/brief.hpp"
#include "music/request.hpp"
#include "music/score.hpp"

namespace son1k::music {

struct production_settings {
  std::filesystem::path sound_font;  // empty: find_sound_font({})
  std::filesystem::path folder;      // where the files go; must exist
  std::string name = "piece";        // <name>.mp3, <name>.flac, <name>.mid, <name>.peaks.json, ...
  bool write_stems = false;          // also <name>.stem-<role>.flac, before mastering
  bool keep_master = true;           // a flac is kept beside the asked formats, for transcode()
};

// What is being done and how much of the whole is behind us. `fraction` never goes back.
struct stage_report {
  std::string_view stage;  // understand | compose | render | master | encode | measure | done
  double fraction = 0.0;   // 0..1 of the whole piece
  text message;
};
using on_stage = std::function<void(const stage_report&)>;

struct piece_file {
  std::string kind;  // "audio" | "master" | "midi" | "peaks" | "stem"
  std::string name;  // the file's extension for audio ("mp3"), the role for a stem ("drums")
  std::filesystem::path path;
  std::string content_type;
  std::uint64_t bytes = 0;
};

struct piece {
  brief understood;
  son1k::music::score score;
  std::vector<piece_file> files;  // the first is the first asked audio format
  double loudness_lufs = 0.0;     // integrated, of the decoded first audio file (ITU-R BS.1770-4)
  double true_peak_dbtp = 0.0;    // of the same
  double duration_seconds = 0.0;  // of the same
  int sample_rate = 0;
  int channels = 2;
  double render_seconds = 0.0;   // wall time of the whole call
  double times_real_time = 0.0;  // duration_seconds / render_seconds
  std::string key;               // "D minor"
  double tempo_bpm = 0.0;        // as a musician counts it: of dotted quarters in 6/8 and 12/8
  std::string form;              // "intro A B A B outro"
  std::string sound_font;        // file name of the font that played

  const piece_file* find(std::string_view kind, std::string_view name = {}) const;
  // All facts a client may see; paths are left out.
  boost::json::object to_json() const;
};

// Blocks for about duration / 20. Errors: validation (from the brief), unavailable with field
// "sound_font", storage_full, unavailable with field "folder", cancelled (within ~50 ms of the
// request), internal. The same request gives the same bytes in every file. Existing files of the
// same names are replaced atomically, so calling it again is safe.
result<piece> produce(const piece_request& request, const std::vector<audio_format>& formats,
                      const production_settings& settings, const on_stage& report = {},
                      std::stop_token stop = {});

// The same for a score that is already there (a test's, a cover's); `b` gives title, prompt, grade,
// seed and how the key is spelled.
result<piece> produce_score(const brief& b, const score& s,
                            const std::vector<audio_format>& formats,
                            const production_settings& settings, const on_stage& report = {},
                            std::stop_token stop = {});

// The stems alone, as produce() writes them with `write_stems`: flac, before mastering, one a role.
// Errors as produce(); blocks for about as long.
result<std::vector<piece_file>> produce_stems(const piece_request& request,
                                              production_settings settings,
                                              std::stop_token stop = {});
// The names of the stems that it would write. Errors as understand().
result<std::vector<std::string>> stems_of_request(const piece_request& request);

// The font to play: `configured` if given (it must exist and be a SoundFont), else the setting
// SON1K_SOUND_FONT, else FluidR3 GM, else a lighter font from the usual folders.
// Error: unavailable, field "sound_font", saying what to install.
result<std::filesystem::path> find_sound_font(const std::filesystem::path& configured);

// Writes `to` (atomically) in another format from a kept master (any file that libsndfile reads;
// its tags are carried over). The result is as loud as the master; its true peak stays below
// -1 dBTP. Errors as produce(), and not_found or storage_corrupt about `master`.
result<void> transcode(const std::filesystem::path& master, audio_format format,
                       const std::filesystem::path& to, std::stop_token stop = {});

std::string_view extension_of(audio_format format);     // "mp3"
std::string_view content_type_of(audio_format format);  // "audio/mpeg"

}  // namespace son1k::music
