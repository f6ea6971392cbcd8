// son1k worker: runs jobs without serving the API; with --processes, a fleet of such processes.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <cstdio>
#include <thread>

#include "app/command_line.hpp"
#include "app/end_signals.hpp"
#include "app/figures_server.hpp"
#include "app/system.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "ops/supervisor.hpp"

namespace son1k::app {
namespace {

struct worker_flags : common_flags {
  std::vector<std::string> queues;
  std::string processes;  // empty: this process works, nobody supervises it
  ops::process_range range;
};

// The embedded profile's file belongs to one process: a fleet needs a database that many can share.
result<void> check_profile_of_fleet(std::size_t processes, const ops::process_range& range) {
  if (processes <= 1 && range.min <= 1) return {};
  return error(errc::forbidden, "processes",
               text("more than one needs the cluster profile (DATABASE_URL and REDIS_URL): the "
                    "embedded database belongs to one process; use --processes 1 and a higher "
                    "--concurrency",
                    "más de uno requiere el perfil de clúster (DATABASE_URL y REDIS_URL): la base "
                    "de datos embebida pertenece a un solo proceso; use --processes 1 y un "
                    "--concurrency mayor"));
}

error no_ports() {
  return {errc::validation, "metrics_port",
          text("each process takes the next port, and there is none beyond 65535",
               "cada proceso toma el puerto siguiente, y no hay ninguno más allá de 65535")};
}

int supervise_workers(const worker_flags& flags, profile kind, std::int64_t first_port) {
  // One process is all that the embedded profile has room for, so `auto` finds one.
  const bool embedded = kind == profile::embedded;
  const bool automatic = embedded && flags.processes == "auto" && flags.range.min <= 1;
  auto count = ops::processes_of(flags.processes, flags.range,
                                 std::max(1U, std::thread::hardware_concurrency()));
  if (!count) return fail(count.error(), flags.json);
  if (automatic) count = 1;
  if (auto ok = check_profile_of_fleet(*count, flags.range); embedded && !ok)
    return fail(ok.error(), flags.json);
  ops::supervisor_settings with;
  with.arguments = {"worker"};
  common_flags shared = flags;
  shared.settings.erase("metrics_port");  // each has its own
  for (auto& one : arguments_of(shared)) with.arguments.push_back(std::move(one));
  for (const auto& queue : flags.queues) {
    with.arguments.push_back("--queue");
    with.arguments.push_back(queue);
  }
  with.processes = *count;
  if (const auto last = first_port + static_cast<std::int64_t>(*count) - 1;
      first_port != 0 && last > 65'535)
    return fail(no_ports(), flags.json);
  if (first_port != 0) {
    with.own_arguments = [first_port](std::size_t number) {
      const auto port = first_port + static_cast<std::int64_t>(number);
      return std::vector<std::string>{"--metrics-port=" + std::to_string(port)};
    };
  }
  return ops::supervise(with);
}

// `serve` runs workers itself, so whoever finds the file taken most likely wants nothing more.
error explained(error e, profile kind) {
  if (e.code != errc::unavailable || kind != profile::embedded) return e;
  e.message.en += " A running `son1k serve` runs the jobs of its folder itself.";
  e.message.es += " Un `son1k serve` en marcha ejecuta él mismo los trabajos de su carpeta.";
  return e;
}

error no_workers() {
  return {errc::validation, "workers",
          text("is 0, so nothing would run jobs: a process that serves no API needs at least 1",
               "es 0, así que nadie ejecutaría trabajos: un proceso sin API necesita al menos 1")};
}

int work(const worker_flags& flags) {
  auto config = flags.load();
  if (!config) return fail(config.error(), flags.json);
  if (auto ok = configure_log(*config); !ok) return fail(ok.error(), flags.json);
  if (config->integer("workers") == 0) return fail(no_workers(), flags.json);
  const auto kind = profile_of(*config);
  if (!kind) return fail(kind.error(), flags.json);
  if (!flags.processes.empty())
    return supervise_workers(flags, *kind, config->integer("metrics_port"));
  end_signals signals;
  auto opened = running_system::open(*config);
  if (!opened) return fail(explained(opened.error(), *kind), flags.json);
  auto& system = **opened;
  auto figures = figures_server::start(*config, system);
  if (!figures) return fail(figures.error(), flags.json);
  if (auto ok = system.start_workers(flags.queues); !ok) return fail(ok.error(), flags.json);
  if (auto ok = system.start_scheduler(); !ok) return fail(ok.error(), flags.json);
  if (flags.json) {
    print_json({{"pid", ::getpid()}, {"version", version}});
  } else {
    std::printf("son1k %s works on %s\n", std::string(version).c_str(),
                config->text("data_dir").c_str());
    std::fflush(stdout);
  }
  signals.wait([&system] { return !system.workers_running(); });
  log::info("worker.draining", {});
  if (*figures) (*figures)->draining();
  system.stop_workers();
  figures->reset();
  system.stop();
  log::info("worker.stopped", {});
  return exit_ok;
}

}  // namespace

int run_worker(const common_flags& flags) {
  worker_flags own;
  static_cast<common_flags&>(own) = flags;
  return work(own);
}

void add_worker(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<worker_flags>();
  auto* command = program.add_subcommand("worker", "Run jobs without serving the API");
  add_common_flags(*command, *flags,
                   {"data_dir", "concurrency", "sound_font", "metrics_port", "log_level", "probe"});
  command
      ->add_option("--queue", flags->queues,
                   "queues to take jobs from, A,B (default: those of the kinds it knows)")
      ->delimiter(',');
  command->add_option("--processes", flags->processes,
                      "supervise so many processes, or auto: start, drain and restart them");
  command->add_option("--min", flags->range.min, "at least so many with --processes auto");
  command->add_option("--max", flags->range.max, "at most so many with --processes auto");
  command->footer("Example:  son1k worker --data-dir ./data --processes auto");
  command->callback([&run, flags] { run = [flags] { return work(*flags); }; });
}

}  // namespace son1k::app
