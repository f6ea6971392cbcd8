#include "music/brief/brief.hpp"

#include <boost/json/array.hpp>

#include "music/compose/theory.hpp"

namespace son1k::music {
namespace {

namespace json = boost::json;

const char* name_of(origin o) {
  switch (o) {
    case origin::chosen:
      return "chosen";
    case origin::prompt:
      return "prompt";
    case origin::field:
      return "field";
  }
  return "chosen";
}

json::object valued(json::value value, origin from) {
  return {{"value", std::move(value)}, {"source", name_of(from)}};
}

// 80 rather than 8E1.
json::value number(double v) {
  const auto whole = static_cast<std::int64_t>(v);
  return static_cast<double>(whole) == v ? json::value(whole) : json::value(v);
}

json::array strings(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& s : list) out.emplace_back(s);
  return out;
}

json::array wishes(const brief& b) {
  json::array out;
  for (const instrument_wish& w : b.instruments) {
    json::object one{{"name", w.name}};
    if (w.part == part_wish::lead) one["part"] = "lead";
    if (w.part == part_wish::accompaniment) one["part"] = "accompaniment";
    if (w.gain_db != 0.0) one["gain_db"] = number(w.gain_db);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string_view name_of(genre g) {
  switch (g) {
    case genre::pop:
      return "pop";
    case genre::rock:
      return "rock";
    case genre::metal:
      return "metal";
    case genre::jazz:
      return "jazz";
    case genre::blues:
      return "blues";
    case genre::classical:
      return "classical";
    case genre::electronic:
      return "electronic";
    case genre::hip_hop:
      return "hip-hop";
    case genre::lofi:
      return "lofi";
    case genre::funk:
      return "funk";
    case genre::soul:
      return "soul";
    case genre::country:
      return "country";
    case genre::folk:
      return "folk";
    case genre::reggae:
      return "reggae";
    case genre::latin:
      return "latin";
    case genre::ambient:
      return "ambient";
    case genre::cinematic:
      return "cinematic";
  }
  return "pop";
}

std::string_view name_of(mode m) {
  switch (m) {
    case mode::major:
      return "major";
    case mode::minor:
      return "minor";
    case mode::dorian:
      return "dorian";
    case mode::phrygian:
      return "phrygian";
    case mode::lydian:
      return "lydian";
    case mode::mixolydian:
      return "mixolydian";
  }
  return "major";
}

bool is_minor(mode m) {
  return m == mode::minor || m == mode::dorian || m == mode::phrygian;
}

bool is_compound(const brief& b) {
  return b.beat_unit == 8 && b.beats_per_bar % 3 == 0 && b.beats_per_bar > 3;
}

double quarter_bpm(const brief& b) {
  return is_compound(b) ? b.bpm * 1.5 : b.bpm;
}

std::string key_name(const brief& b) {
  return note_name(b.key_tonic, b.flat_spelling) + " " + std::string(name_of(b.key_mode));
}

json::object to_json(const brief& b) {
  const origin key_from = b.tonic_from != origin::chosen ? b.tonic_from : b.mode_from;
  json::object out;
  out["language"] = b.tongue == language::spanish   ? "es"
                    : b.tongue == language::english ? "en"
                                                    : "unknown";
  out["title"] = valued(json::value(b.title), b.title_from);
  out["genre"] = valued(json::string(name_of(b.kind)), b.style_from);
  out["style"] = valued(json::value(b.style), b.style_from);
  out["tempo"] = valued(number(b.bpm), b.bpm_from);
  out["key"] = valued(json::value(key_name(b)), key_from);
  out["metre"] =
      valued(json::value(std::to_string(b.beats_per_bar) + "/" + std::to_string(b.beat_unit)),
             b.metre_from);
  out["duration"] = valued(b.duration_seconds, b.duration_from);
  out["mood"] = {{"valence", number(b.mood.valence)},
                 {"energy", number(b.mood.energy)},
                 {"words", strings(b.mood.words)}};
  out["instruments"] = wishes(b);
  out["excluded"] = strings(b.excluded);
  out["ignored"] = strings(b.ignored);
  json::array notes;
  for (const text& n : b.notes) notes.emplace_back(n.in(b.tongue == language::spanish));
  out["notes"] = std::move(notes);
  return out;
}

}  // namespace son1k::music
