// son1k doctor: is this machine fit to run Son1k, and if not, what to do.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <filesystem>

#include "app/command_line.hpp"
#include "app/register_kinds.hpp"
#include "app/system.hpp"
#include "base/log.hpp"
#include "ops/doctor.hpp"
#include "ops/doctor_postgres.hpp"
#include "ops/doctor_redis.hpp"

namespace son1k::app {
namespace {

int doctor(const common_flags& flags) {
  auto config = flags.load();
  if (!config) return fail(config.error(), flags.json);
  std::filesystem::path folder = config->text("data_dir");
  if (!needs_data_dir(*config)) folder = artifacts_folder(*config);
  if (auto ok = prepare_data_dir(folder); !ok) return fail(ok.error(), flags.json);
  std::vector<ops::finding> findings{ops::check_folder(folder), ops::check_disk(folder),
                                     ops::check_fsync(folder)};
  // The findings say what the log of the parts would.
  log::settings logging;
  logging.minimum = log::level::error;
  log::configure(logging);
  const auto databases = all_databases(*config);
  if (!databases)
    findings.push_back({databases.error().field, ops::verdict::bad, databases.error().message, {}});
  for (const auto& one : databases ? *databases : std::vector<named_database>()) {
    findings.push_back(
        ops::check_database(one.name + " database", one.file, [&one] { return one.open(true); }));
    if (!one.file.empty()) continue;
    const auto server = ops::check_postgres([&one] { return one.open(true); }, system_clock());
    findings.insert(findings.end(), server.begin(), server.end());
  }
  findings.push_back(ops::check_sound_font(config->text("sound_font")));
  findings.push_back(ops::check_descriptors());
  if (const auto redis = config->text("redis_url"); !redis.empty()) {
    const ops::fleet_setting fleet{config->text("redis_prefix"), config->integer("bullmq_version")};
    for (auto& one : ops::check_redis(redis, fleet)) findings.push_back(std::move(one));
  }
  bool bad = false;
  boost::json::array out;
  for (const auto& one : findings) {
    bad = bad || one.how == ops::verdict::bad;
    if (flags.json) {
      out.push_back({{"about", one.about},
                     {"verdict", ops::name_of(one.how)},
                     {"what", say(one.what)},
                     {"advice", say(one.advice)}});
    } else {
      fmt::print("{:<8} {:<20} {}\n", ops::name_of(one.how), one.about, say(one.what));
      if (!one.advice.en.empty()) fmt::print("{:<8} {:<20} -> {}\n", "", "", say(one.advice));
    }
  }
  if (flags.json) print_json({{"success", !bad}, {"data", std::move(out)}});
  return bad ? exit_failed : exit_ok;
}

}  // namespace

void add_doctor(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<common_flags>();
  auto* command = program.add_subcommand("doctor", "Check this machine and say what to do");
  add_common_flags(*command, *flags, {"data_dir", "sound_font"});
  command->callback([&run, flags] { run = [flags] { return doctor(*flags); }; });
}

}  // namespace son1k::app
