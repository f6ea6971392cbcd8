// Hears a finished file as a stranger would: ffmpeg decodes and measures it in a process of its
// own, so that nothing of the renderer judges itself. Blocking; needs ffmpeg on the path.
#pragma once
#include <filesystem>
#include <optional>
#include <vector>

namespace son1k::test {

struct heard {
  double lufs = 0.0;       // integrated, EBU R 128
  double peak_dbtp = 0.0;  // true peak
  int silences = 0;        // stretches of more than 2 s below -60 dB
  double seconds = 0.0;
  int channels = 0;
  int sample_rate = 0;
  double offset = 0.0;          // larger of the two channels' means
  int clipped_run = 0;          // longest run of samples at or above 0.999 of full scale
  double side_to_middle = 0.0;  // RMS of left minus right against left plus right
  std::vector<float> mono;      // at 44.1 kHz
};

// Nothing if ffmpeg is missing or does not understand the file.
std::optional<heard> listen(const std::filesystem::path& file);

// The tempo that `aubio tempo` hears; nothing where aubio-tools is not installed.
std::optional<double> aubio_bpm(const std::filesystem::path& wav_or_any);
bool have_program(const char* name);

}  // namespace son1k::test
