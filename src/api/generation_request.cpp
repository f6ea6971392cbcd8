#include "api/generation_request.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 1> provider_names{"local"};
constexpr std::size_t prompt_points_max = 2'000;
constexpr int duration_min = 5;
constexpr int duration_max = 600;

// FNV-1a: a piece without a seed gets one from its id, so that it can be made again.
std::uint64_t seed_of(std::string_view id) {
  std::uint64_t hash = 1469598103934665603ULL;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash & seed_max;
}

void append_words(std::string& to, std::string_view more) {
  if (more.empty()) return;
  if (!to.empty()) to += ", ";
  to += more;
}

void read_music(object_reader& in, generation_request& out) {
  in.require("prompt");
  out.piece.prompt = in.utf8("prompt", {1, prompt_points_max, false}).value_or("");
  out.piece.style = in.utf8("style", {0, 200, true}).value_or("");
  out.piece.title = in.utf8("title", {0, 200, true}).value_or("");
  out.piece.lyrics = in.utf8("lyrics", {0, 5'000, true}).value_or("");
  out.piece.negative_tags = in.utf8("negativeTags", {0, 500, true}).value_or("");
  out.tags = read_tags(in);
  for (const auto& tag : out.tags) append_words(out.piece.style, tag);
}

}  // namespace

std::vector<std::string> read_tags(object_reader& in) {
  auto tags = in.texts("tags", 20, 60).value_or(std::vector<std::string>());
  for (const auto& tag : tags) {
    const bool plain =
        std::none_of(tag.begin(), tag.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (!plain) {
      in.fail("tags", {"must have no control characters", "no deben tener caracteres de control"});
    }
  }
  return tags;
}

result<generation_request> read_generation_request(std::string_view body, std::string_view id) {
  const auto parsed = parse_json(body);
  if (!parsed) return parsed.error();
  generation_request out;
  object_reader in(*parsed);
  read_music(in, out);
  if (const auto seconds = in.integer("duration", duration_min, duration_max)) {
    out.piece.duration_seconds = static_cast<int>(*seconds);
  }
  if (const auto at = in.choice("quality", music::quality_names)) {
    out.piece.grade = static_cast<music::quality>(*at);
  }
  if (const auto at = in.choice("format", music::format_names)) {
    out.format = static_cast<music::audio_format>(*at);
  }
  in.choice("provider", provider_names);
  in.boolean("customMode");
  out.piece.instrumental = in.boolean("instrumental").value_or(true);
  const auto seed = in.integer("seed", 0, static_cast<std::int64_t>(seed_max));
  out.piece.seed = seed ? static_cast<std::uint64_t>(*seed) : seed_of(id);
  if (auto finished = in.finish(); !finished) return finished.error();
  return out;
}

result<void> check(const generation_request& request) {
  const auto points = count_code_points(request.piece.prompt);
  if (!points) {
    return error(errc::malformed, "prompt", text("must be valid UTF-8", "debe ser UTF-8 válido"));
  }
  if (*points == 0 || is_blank(request.piece.prompt)) {
    return error(errc::validation, "prompt",
                 text("must not be empty or blank", "no puede estar vacío o en blanco"));
  }
  if (*points > prompt_points_max) {
    const auto n = std::to_string(*points);
    return error(errc::validation, "prompt",
                 text("must have 1 to 2000 characters, it has " + n,
                      "debe tener de 1 a 2000 caracteres, tiene " + n));
  }
  const auto seconds = request.piece.duration_seconds.value_or(duration_min);
  if (seconds < duration_min || seconds > duration_max) {
    return error(
        errc::validation, "duration",
        text("must be a whole number from 5 to 600", "debe ser un número entero de 5 a 600"));
  }
  return {};
}

std::string to_job_data(const generation_request& request, std::string_view id,
                        std::string_view owner) {
  const auto& piece = request.piece;
  json_writer out;
  out.text("generationId", id);
  out.text("owner", owner);
  out.text("prompt", piece.prompt);
  if (!piece.style.empty()) out.text("style", piece.style);
  if (!piece.title.empty()) out.text("title", piece.title);
  if (!piece.lyrics.empty()) out.text("lyrics", piece.lyrics);
  if (!piece.negative_tags.empty()) out.text("negativeTags", piece.negative_tags);
  if (piece.duration_seconds) out.integer("duration", *piece.duration_seconds);
  out.text("quality", music::quality_names[static_cast<std::size_t>(piece.grade)]);
  out.text("format", music::format_names[static_cast<std::size_t>(request.format)]);
  out.boolean("instrumental", piece.instrumental);
  out.integer("seed", static_cast<std::int64_t>(piece.seed));
  if (piece.parts.empty()) return out.finish();
  out.text("extends", request.extends);
  auto data = out.finish();
  json::array parts;
  for (const auto& part : piece.parts) {
    json::object one{{"until", part.until_seconds}};
    if (!part.prompt.empty()) one["prompt"] = part.prompt;
    parts.push_back(std::move(one));
  }
  data.pop_back();
  return data + ",\"parts\":" + json::serialize(parts) + "}";
}

result<generation_request> read_job_data(const std::string& data) {
  const error broken(errc::internal, "request", text("the stored request cannot be read"));
  boost::system::error_code ec;
  const auto parsed = json::parse(data, ec);
  if (ec || !parsed.is_object()) return broken;
  const auto& in = parsed.get_object();
  const auto words = [&in](std::string_view name) {
    const auto* v = in.if_contains(name);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
  };
  generation_request out;
  out.piece.prompt = words("prompt");
  out.piece.style = words("style");
  out.piece.title = words("title");
  out.piece.lyrics = words("lyrics");
  out.piece.negative_tags = words("negativeTags");
  out.extends = words("extends");
  const auto grade =
      std::find(music::quality_names.begin(), music::quality_names.end(), words("quality"));
  const auto format =
      std::find(music::format_names.begin(), music::format_names.end(), words("format"));
  if (grade == music::quality_names.end() || format == music::format_names.end()) return broken;
  out.piece.grade = static_cast<music::quality>(grade - music::quality_names.begin());
  out.format = static_cast<music::audio_format>(format - music::format_names.begin());
  if (const auto* v = in.if_contains("instrumental"); v != nullptr && v->is_bool())
    out.piece.instrumental = v->get_bool();
  if (const auto* v = in.if_contains("duration"))
    out.piece.duration_seconds = v->to_number<int>(ec);
  if (const auto* v = in.if_contains("seed")) out.piece.seed = v->to_number<std::uint64_t>(ec);
  if (ec) return broken;
  auto parts = music::read_parts(in.if_contains("parts"));
  if (!parts) return broken;
  out.piece.parts = std::move(*parts);
  return out;
}

}  // namespace son1k::api
