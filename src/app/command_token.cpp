// son1k token: what the commands of this machine show to the server of a data folder.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <boost/json.hpp>

#include "app/api_client.hpp"

namespace son1k::app {
namespace {

int show_token(const common_flags& flags) {
  auto config = flags.load();
  if (!config) return fail(config.error(), flags.json);
  const auto noted = running_server(*config);
  if (!noted || noted->token.empty()) {
    const auto& folder = config->text("data_dir");
    return fail(error(errc::unavailable, "data_dir",
                      text("no server runs for " + folder + "; start one with son1k serve",
                           "ningún servidor atiende " + folder + "; inicie uno con son1k serve")),
                flags.json);
  }
  if (flags.json) {
    print_json(
        {{"success", true}, {"data", {{"address", noted->address}, {"token", noted->token}}}});
  } else {
    fmt::print("{}\n", noted->token);
  }
  return exit_ok;
}

}  // namespace

void add_token(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<common_flags>();
  auto* command =
      program.add_subcommand("token", "Print the local token of the data folder's server");
  add_common_flags(*command, *flags, {"data_dir"});
  command->footer(
      "Whoever has it is this machine's own account until the server ends: keep it to yourself.\n"
      "Example:  curl -H \"Authorization: Bearer $(son1k token)\" "
      "http://127.0.0.1:3001/api/generation/history");
  command->callback([&run, flags] { run = [flags] { return show_token(*flags); }; });
}

}  // namespace son1k::app
