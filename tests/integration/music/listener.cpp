#include "listener.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace son1k::test {
namespace {

constexpr std::size_t output_max = 256u << 20;

std::string quoted(const std::filesystem::path& p) {
  return "'" + p.string() + "'";
}

// Standard output of a command, or nothing if it failed.
std::optional<std::string> output_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), [](FILE*) { return 0; });
  if (!pipe) return std::nullopt;
  std::string out;
  std::array<char, 65536> buffer;
  while (out.size() < output_max) {
    const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe.get());
    if (got == 0) break;
    out.append(buffer.data(), got);
  }
  if (pclose(pipe.release()) != 0) return std::nullopt;
  return out;
}

// The number after the last `label`.
double last_number(const std::string& text, const std::string& label) {
  const auto at = text.rfind(label);
  return at == text.npos ? NAN : std::strtod(text.c_str() + at + label.size(), nullptr);
}

int count_of(const std::string& text, const std::string& word) {
  int n = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++n;
  return n;
}

void look_at_samples(const std::string& raw, heard& out) {
  const auto* samples = reinterpret_cast<const float*>(raw.data());
  const std::size_t frames = raw.size() / sizeof(float) / 2;
  double left = 0, right = 0, side = 0, middle = 0;
  std::array<int, 2> run{};
  out.mono.resize(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    const float l = samples[2 * i], r = samples[2 * i + 1];
    out.mono[i] = 0.5f * (l + r);
    left += static_cast<double>(l);
    right += static_cast<double>(r);
    side += static_cast<double>((l - r) * (l - r));
    middle += static_cast<double>((l + r) * (l + r));
    run[0] = std::abs(l) >= 0.999f ? run[0] + 1 : 0;
    run[1] = std::abs(r) >= 0.999f ? run[1] + 1 : 0;
    out.clipped_run = std::max({out.clipped_run, run[0], run[1]});
  }
  const auto n = static_cast<double>(std::max<std::size_t>(frames, 1));
  out.seconds = static_cast<double>(frames) / 44100.0;
  out.offset = std::max(std::abs(left / n), std::abs(right / n));
  out.side_to_middle = std::sqrt(side / std::max(middle, 1e-12));
}

}  // namespace

bool have_program(const char* name) {
  return std::system(("command -v " + std::string(name) + " >/dev/null 2>&1").c_str()) == 0;
}

std::optional<heard> listen(const std::filesystem::path& file) {
  // The frame log of ebur128 is kept out; its summary and silencedetect's lines remain.
  const auto report =
      output_of("ffmpeg -nostdin -hide_banner -nostats -threads 1 -i " + quoted(file) +
                " -af ebur128=peak=true:framelog=verbose,silencedetect=noise=-60dB:"
                "d=2 -f null - 2>&1");
  const auto facts = output_of(
      "ffprobe -v error -select_streams a:0 -show_entries stream=channels,sample_rate -of "
      "default=nokey=0:noprint_wrappers=1 " +
      quoted(file));
  const auto raw = output_of("ffmpeg -nostdin -v error -threads 1 -i " + quoted(file) +
                             " -f f32le -ac 2 -ar 44100 -");
  if (!report || !facts || !raw) return std::nullopt;
  heard out;
  out.lufs = last_number(*report, "I:");
  out.peak_dbtp = last_number(*report, "Peak:");
  out.silences = count_of(*report, "silence_start");
  out.channels = static_cast<int>(last_number(*facts, "channels="));
  out.sample_rate = static_cast<int>(last_number(*facts, "sample_rate="));
  look_at_samples(*raw, out);
  return out;
}

std::optional<double> aubio_bpm(const std::filesystem::path& file) {
  const auto said = output_of("aubio tempo " + quoted(file) + " 2>/dev/null");
  if (!said) return std::nullopt;
  return std::strtod(said->c_str(), nullptr);
}

}  // namespace son1k::test
