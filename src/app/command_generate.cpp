// son1k generate: the main job with nothing else running.
#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <csignal>
#include <fstream>

#include "api/generation.hpp"
#include "api/generation_records.hpp"
#include "app/command_line.hpp"
#include "app/generate_job.hpp"
#include "app/output_file.hpp"
#include "app/system.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "music/produce.hpp"

namespace son1k::app {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

struct generate_flags {
  common_flags common;
  std::string prompt;
  std::string style;
  std::string title;
  std::string quality = "standard";
  std::string format;
  std::string out;
  std::string duration;
  std::string seed;
};

error usage(std::string field, std::string en, std::string es) {
  return {errc::validation, std::move(field), text(std::move(en), std::move(es))};
}

template <class Number>
bool whole(const std::string& v, Number& out) {
  const auto read = std::from_chars(v.data(), v.data() + v.size(), out);
  return read.ec == std::errc() && read.ptr == v.data() + v.size();
}

// --format, else what the name of --out says, else mp3.
result<music::audio_format> chosen_format(const generate_flags& flags) {
  auto name = flags.format;
  if (name.empty() && !flags.out.empty()) {
    name = fs::path(flags.out).extension().string();
    if (!name.empty()) name.erase(0, 1);
  }
  if (name.empty()) name = "mp3";
  const auto at = std::find(music::format_names.begin(), music::format_names.end(), name);
  if (at == music::format_names.end()) {
    return usage("format", "must be mp3, ogg, flac or wav, not \"" + name + "\"",
                 "debe ser mp3, ogg, flac o wav, no \"" + name + "\"");
  }
  return static_cast<music::audio_format>(at - music::format_names.begin());
}

result<api::generation_request> read_request(const generate_flags& flags, const std::string& id) {
  api::generation_request out;
  out.piece.prompt = flags.prompt;
  out.piece.style = flags.style;
  out.piece.title = flags.title;
  const auto grade =
      std::find(music::quality_names.begin(), music::quality_names.end(), flags.quality);
  if (grade == music::quality_names.end()) {
    return usage("quality", "must be standard, premium or ultra",
                 "debe ser standard, premium o ultra");
  }
  out.piece.grade = static_cast<music::quality>(grade - music::quality_names.begin());
  int seconds = 0;
  if (!flags.duration.empty() && !whole(flags.duration, seconds)) {
    return usage("duration", "must be a whole number from 5 to 600",
                 "debe ser un número entero de 5 a 600");
  }
  if (!flags.duration.empty()) out.piece.duration_seconds = seconds;
  std::uint64_t seed = std::hash<std::string>{}(id)&0xffffffff;
  if (!flags.seed.empty() && (!whole(flags.seed, seed) || seed > api::seed_max)) {
    const auto most = std::to_string(api::seed_max);
    return usage("seed", "must be a whole number from 0 to " + most,
                 "debe ser un número entero de 0 a " + most);
  }
  out.piece.seed = seed;
  auto format = chosen_format(flags);
  if (!format) return format.error();
  out.format = *format;
  if (auto ok = api::check(out); !ok) return ok.error();
  // What the prompt itself asks for is checked here too, before anything is opened.
  if (auto understood = music::understand(out.piece); !understood) return understood.error();
  return out;
}

// A file in the current folder, named after the piece's id.
fs::path default_out(const std::string& id, music::audio_format format) {
  return "son1k-" + id.substr(id.size() - 8) + "." + std::string(music::extension_of(format));
}

int generate(const generate_flags& flags) {
  const bool as_json = flags.common.json;
  const auto id = uuid_v7();
  auto request = read_request(flags, id);
  if (!request) return fail(request.error(), as_json);
  auto config = flags.common.load();
  if (!config) return fail(config.error(), as_json);
  log::settings logging;
  logging.minimum = log::level::warn;
  logging.json = false;
  log::configure(logging);

  catch_interrupts();
  auto out =
      output_file::open(flags.out.empty() ? default_out(id, request->format) : fs::path(flags.out));
  if (!out) return fail(out.error(), as_json);
  if (auto font = music::find_sound_font(config->text("sound_font")); !font) {
    return fail(font.error(), as_json);
  }
  auto opened = running_system::open(*config);
  if (!opened) return fail(opened.error(), as_json);
  auto made = run_generation(**opened, *request, id, as_json);
  (*opened)->stop();
  if (!made) return fail(made.error(), as_json);
  if (auto copied = out->copy_from(made->audio); !copied) return fail(copied.error(), as_json);
  if (as_json) {
    json::object reply = made->facts;
    reply["generationId"] = id;
    reply["out"] = out->target().string();
    print_json({{"success", true}, {"data", std::move(reply)}});
  } else {
    print_summary(made->facts, out->target());
  }
  return exit_ok;
}

}  // namespace

void add_generate(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<generate_flags>();
  auto* command = program.add_subcommand("generate", "Make a piece of music from a prompt");
  command->add_option("prompt", flags->prompt, "what to make, in English or Spanish")->required();
  command->add_option("--style", flags->style, "more words on the style");
  command->add_option("--title", flags->title, "the piece's title");
  command->add_option("--duration", flags->duration,
                      "seconds, 5 to 600 (default: the prompt's, else 60)");
  command->add_option("--quality", flags->quality, "standard, premium or ultra");
  command->add_option("--seed", flags->seed, "the same seed gives the same piece");
  command->add_option("--format", flags->format, "mp3, ogg, flac or wav");
  command->add_option("--out", flags->out, "file to write (default: one in this folder)");
  add_common_flags(*command, flags->common, {"data_dir", "sound_font"});
  command->footer(
      "Example:  son1k generate \"melancholic lo-fi piano 80 bpm in D minor\" "
      "--duration 60 --seed 7 --out a.mp3");
  command->callback([&run, flags] { run = [flags] { return generate(*flags); }; });
}

}  // namespace son1k::app
