// What every command shares: its flags for settings, --json, exit codes, how errors are told.
#pragma once
#include <CLI/App.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "base/error.hpp"

namespace son1k::app {

enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_unavailable = 3,
  exit_refused = 4
};
// Total over errc; documented in docs/commands.md.
int exit_code_of(errc code);

// True where the user's locale (LC_ALL, LC_MESSAGES, LANG) is Spanish.
bool spanish_terminal();
inline const std::string& say(const text& t) {
  return t.in(spanish_terminal());
}

struct common_flags {
  std::map<std::string, std::string> settings;  // by name, as given
  std::string config;
  bool json = false;

  result<app::settings> load() const;
};

// The same flags as words of a command line, for a process that does the same.
std::vector<std::string> arguments_of(const common_flags& flags);
// Level and form of the log. validation: the field "log_level".
result<void> configure_log(const settings& config);

// Adds --config, --json and the flags of the named settings to a command.
void add_common_flags(CLI::App& command, common_flags& flags,
                      std::initializer_list<std::string_view> names);

// Tells the error (on standard error; with `json` as an object on standard output) and gives the
// exit code.
int fail(const error& e, bool json);
void print_json(const boost::json::value& v);

// What `son1k worker` does without options of its own.
int run_worker(const common_flags& flags);

// A command adds itself to the program and leaves what it runs in `run`.
using command_run = std::function<int()>;
void add_serve(CLI::App& program, command_run& run);
void add_generate(CLI::App& program, command_run& run);
void add_migrate(CLI::App& program, command_run& run);
void add_doctor(CLI::App& program, command_run& run);
void add_config(CLI::App& program, command_run& run);
void add_bench(CLI::App& program, command_run& run);
void add_worker(CLI::App& program, command_run& run);
void add_scheduler(CLI::App& program, command_run& run);
void add_jobs(CLI::App& program, command_run& run);
void add_queues(CLI::App& program, command_run& run);
void add_workers(CLI::App& program, command_run& run);
void add_users(CLI::App& program, command_run& run);
void add_schedules(CLI::App& program, command_run& run);
void add_token(CLI::App& program, command_run& run);
void add_verify(CLI::App& program, command_run& run);
void add_version(CLI::App& program, command_run& run);

}  // namespace son1k::app
