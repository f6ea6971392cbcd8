// son1k: one program; a role is a subcommand.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "app/command_line.hpp"
#include "app/version.hpp"

namespace {

// The word that stands where a command was expected; empty if there is none.
std::string unknown_command(const CLI::App& program) {
  const CLI::App* at = &program;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const auto extras = at->remaining();
  return extras.empty() ? std::string() : extras.front();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace son1k::app;
  // A client that goes away must be an error of one write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App program("Jobs that take minutes, in one program: music from a prompt.", "son1k");
  program.set_version_flag("--version", std::string(version));
  program.require_subcommand(1);
  program.footer(
      "Start with:  son1k generate \"cumbia alegre con acordeón\" --out cumbia.mp3\n"
      "             son1k serve");
  command_run run;
  for (auto* add : {add_serve, add_worker, add_scheduler, add_generate, add_jobs, add_queues,
                    add_schedules, add_workers, add_users, add_token, add_migrate, add_doctor,
                    add_config, add_bench, add_verify, add_version}) {
    add(program, run);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::RequiredError& e) {
    if (const auto word = unknown_command(program); !word.empty()) {
      std::fprintf(stderr, "son1k: there is no command \"%s\"; see son1k --help\n", word.c_str());
      return exit_usage;
    }
    program.exit(e);
    return exit_usage;
  } catch (const CLI::ParseError& e) {
    return program.exit(e) == 0 ? exit_ok : exit_usage;
  }
  try {
    return run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "son1k: a fault of the program: %s\n", e.what());
    return exit_failed;
  }
}
