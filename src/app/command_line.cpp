#include "app/command_line.hpp"

#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/log.hpp"

namespace son1k::app {
namespace json = boost::json;

int exit_code_of(errc code) {
  switch (code) {
    case errc::validation:
    case errc::malformed:
    case errc::payload_too_large:
    case errc::unsupported_media:
    case errc::range_invalid:
      return exit_usage;
    case errc::unavailable:
    case errc::storage_full:
    case errc::storage_corrupt:
    case errc::rate_limited:
    case errc::quota_exceeded:
    case errc::timeout:
      return exit_unavailable;
    case errc::unauthenticated:
    case errc::token_expired:
    case errc::forbidden:
    case errc::schema_newer:
      return exit_refused;
    case errc::not_found:
    case errc::conflict:
    case errc::lease_lost:
    case errc::cancelled:
    case errc::internal:
      return exit_failed;
  }
  return exit_failed;
}

bool spanish_terminal() {
  for (const auto* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string_view(value).starts_with("es");
  }
  return false;
}

result<settings> common_flags::load() const {
  return app::settings::load(settings, config);
}

std::vector<std::string> arguments_of(const common_flags& flags) {
  std::vector<std::string> out;
  for (const auto& [name, value] : flags.settings) {
    for (const auto& row : setting_rows()) {
      if (row.name != name) continue;
      // One word: the value of a flag without one would be taken for an argument.
      out.push_back(std::string(row.flag) + "=" + value);
    }
  }
  if (!flags.config.empty()) out.push_back("--config=" + flags.config);
  if (flags.json) out.push_back("--json");
  return out;
}

result<void> configure_log(const settings& config) {
  log::settings with;
  if (!log::parse_level(config.text("log_level"), with.minimum)) {
    return error(errc::validation, "log_level",
                 text("must be debug, info, warn or error", "debe ser debug, info, warn o error"));
  }
  with.json = ::isatty(STDERR_FILENO) != 1;
  log::configure(with);
  return {};
}

void add_common_flags(CLI::App& command, common_flags& flags,
                      std::initializer_list<std::string_view> names) {
  command.add_option("--config", flags.config, "settings file (TOML)")->envname("SON1K_CONFIG");
  command.add_flag("--json", flags.json, "print JSON");
  for (const auto name : names) {
    for (const auto& row : setting_rows()) {
      if (row.name != name || row.flag.empty()) continue;
      const auto keep = [&flags, key = std::string(row.name)](const std::string& v) {
        flags.settings[key] = v;
      };
      const std::string meaning =
          std::string(row.meaning) + " [" + std::string(row.environment) + "]";
      if (row.type == setting_type::boolean) {
        command.add_flag_callback(
            std::string(row.flag), [keep] { keep("true"); }, meaning);
      } else {
        command.add_option_function<std::string>(std::string(row.flag), keep, meaning);
      }
    }
  }
}

int fail(const error& e, bool as_json) {
  if (as_json) {
    json::object body{{"code", name_of(e.code)}, {"message", say(e.message)}};
    if (!e.field.empty()) body["field"] = e.field;
    print_json({{"success", false}, {"error", std::move(body)}});
  } else {
    const std::string about = e.field.empty() ? "" : e.field + ": ";
    std::fprintf(stderr, "son1k: %s%s\n", about.c_str(), say(e.message).c_str());
  }
  return exit_code_of(e.code);
}

void print_json(const json::value& v) {
  std::printf("%s\n", json::serialize(v).c_str());
  std::fflush(stdout);
}

}  // namespace son1k::app
