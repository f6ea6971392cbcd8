// The lookups and the JSON of produce.hpp and request.hpp.
#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>

#include "music/produce.hpp"

namespace son1k::music {
namespace {

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

template <class Mark, class Name>
boost::json::array marks(const score& s, const std::vector<Mark>& from, const char* field,
                         Name name) {
  boost::json::array out;
  for (const auto& m : from)
    out.push_back(boost::json::object{{field, name(m)},
                                      {"start", rounded(seconds_of(s, m.tick), 1000)},
                                      {"end", rounded(seconds_of(s, m.tick + m.duration), 1000)}});
  return out;
}

}  // namespace

const piece_file* piece::find(std::string_view kind, std::string_view name) const {
  const auto found = std::find_if(files.begin(), files.end(), [&](const auto& f) {
    if (f.kind == "audio" && kind == "master" && f.name == "flac") return true;
    return f.kind == kind && (name.empty() || f.name == name);
  });
  return found == files.end() ? nullptr : &*found;
}

boost::json::object piece::to_json() const {
  boost::json::array listed, tracks;
  for (const auto& f : files)
    listed.push_back(boost::json::object{
        {"kind", f.kind}, {"name", f.name}, {"contentType", f.content_type}, {"bytes", f.bytes}});
  for (const auto& t : score.tracks) tracks.push_back(boost::json::string(t.name));
  return {{"understood", music::to_json(understood)},
          {"title", understood.title},
          {"key", key},
          {"tempo", rounded(tempo_bpm, 100)},
          {"metre", std::to_string(score.beats_per_bar) + "/" + std::to_string(score.beat_unit)},
          {"form", form},
          {"instruments", std::move(tracks)},
          {"sections", marks(score, score.sections, "name", [](const auto& m) { return m.name; })},
          {"chords", marks(score, score.chords, "symbol", [](const auto& m) { return m.symbol; })},
          {"loudnessLufs", rounded(loudness_lufs, 100)},
          {"truePeakDbtp", rounded(true_peak_dbtp, 100)},
          {"duration", rounded(duration_seconds, 1000)},
          {"sampleRate", sample_rate},
          {"channels", channels},
          {"soundFont", sound_font},
          {"renderSeconds", rounded(render_seconds, 1000)},
          {"timesRealTime", rounded(times_real_time, 10)},
          {"files", std::move(listed)}};
}

std::optional<std::vector<piece_part>> read_parts(const boost::json::value* list) {
  std::vector<piece_part> out;
  if (list == nullptr) return out;
  if (!list->is_array() || list->get_array().size() > piece_parts_max) return std::nullopt;
  for (const auto& item : list->get_array()) {
    const auto* one = item.if_object();
    const auto* until = one != nullptr ? one->if_contains("until") : nullptr;
    if (until == nullptr || !until->is_int64()) return std::nullopt;
    piece_part part;
    part.until_seconds = static_cast<int>(until->get_int64());
    if (const auto* prompt = one->if_contains("prompt"); prompt != nullptr && prompt->is_string())
      part.prompt = prompt->get_string();
    out.push_back(std::move(part));
  }
  return out;
}

std::string_view extension_of(audio_format format) {
  switch (format) {
    case audio_format::mp3:
      return "mp3";
    case audio_format::ogg:
      return "ogg";
    case audio_format::flac:
      return "flac";
    case audio_format::wav:
      return "wav";
  }
  return "";
}

std::string_view content_type_of(audio_format format) {
  switch (format) {
    case audio_format::mp3:
      return "audio/mpeg";
    case audio_format::ogg:
      return "audio/ogg";
    case audio_format::flac:
      return "audio/flac";
    case audio_format::wav:
      return "audio/wav";
  }
  return "";
}

}  // namespace son1k::music
