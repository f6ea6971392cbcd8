// son1k scheduler: starts the runs of schedules, and nothing else. Of many such processes one
// leads.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cstdio>

#include "app/command_line.hpp"
#include "app/end_signals.hpp"
#include "app/figures_server.hpp"
#include "app/system.hpp"
#include "app/version.hpp"
#include "base/log.hpp"

namespace son1k::app {
namespace {

error no_other_process() {
  return {errc::forbidden, "database_url",
          text("is not set: the embedded database belongs to one process, and its `son1k serve` "
               "starts the schedules itself; a scheduler of its own needs the cluster profile",
               "no está definido: la base de datos embebida pertenece a un solo proceso, y su "
               "`son1k serve` inicia los horarios él mismo; un planificador aparte requiere el "
               "perfil de clúster")};
}

int schedule(const common_flags& flags) {
  auto config = flags.load();
  if (!config) return fail(config.error(), flags.json);
  if (auto ok = configure_log(*config); !ok) return fail(ok.error(), flags.json);
  const auto kind = profile_of(*config);
  if (!kind) return fail(kind.error(), flags.json);
  if (*kind == profile::embedded) return fail(no_other_process(), flags.json);
  end_signals signals;
  auto opened = running_system::open(*config);
  if (!opened) return fail(opened.error(), flags.json);
  auto& system = **opened;
  auto figures = figures_server::start(*config, system);
  if (!figures) return fail(figures.error(), flags.json);
  if (auto ok = system.start_scheduler(); !ok) return fail(ok.error(), flags.json);
  if (flags.json) {
    print_json({{"pid", ::getpid()}, {"version", version}});
  } else {
    fmt::print("son1k {} starts the runs of schedules\n", version);
    std::fflush(stdout);
  }
  signals.wait();
  figures->reset();
  system.stop();
  log::info("scheduler.stopped", {});
  return exit_ok;
}

}  // namespace

void add_scheduler(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<common_flags>();
  auto* command =
      program.add_subcommand("scheduler", "Start the runs of schedules, in the cluster profile");
  add_common_flags(*command, *flags, {"data_dir", "metrics_port", "log_level", "probe"});
  command->footer("Example:  son1k scheduler --data-dir ./data");
  command->callback([&run, flags] { run = [flags] { return schedule(*flags); }; });
}

}  // namespace son1k::app
