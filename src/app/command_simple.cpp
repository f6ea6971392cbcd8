// The small commands: migrate, config, version.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <boost/version.hpp>
#include <cstdio>

#include "app/command_line.hpp"
#include "app/system.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "store/migrator.hpp"

namespace son1k::app {
namespace json = boost::json;
namespace {

struct migration_row {
  std::string database;
  store::migration_status what;
};

json::array as_json(const std::vector<migration_row>& rows) {
  json::array out;
  for (const auto& [database, row] : rows) {
    json::object one{{"database", database},
                     {"version", row.version},
                     {"name", row.name},
                     {"applied", row.applied}};
    if (row.applied) one["appliedAt"] = iso_time(row.applied_at_ms).chars;
    out.push_back(std::move(one));
  }
  return out;
}

void print_rows(const std::vector<migration_row>& rows) {
  for (const auto& [database, row] : rows) {
    fmt::print(
        "{:<8} {:04d} {:<24} {}\n", database, row.version, row.name,
        row.applied ? std::string("applied ") + iso_time(row.applied_at_ms).chars : "pending");
  }
}

enum class migrate_what { up, status, dry_run };

// What a database that does not exist yet would get.
result<std::vector<store::migration_status>> all_pending(
    std::span<const store::migration_source> sources) {
  const auto known = store::parse_migrations(sources);
  if (!known) return known.error();
  std::vector<store::migration_status> out;
  for (const auto& one : *known) {
    store::migration_status row;
    row.version = one.version;
    row.name = one.name;
    row.sql = one.sql;
    out.push_back(std::move(row));
  }
  return out;
}

result<std::vector<store::migration_status>> migrate_one(const named_database& one,
                                                         migrate_what what) {
  // Looking needs no lock, so it works beside a running server.
  auto db = one.open(what != migrate_what::up);
  if (!db && db.error().code == errc::not_found && !one.file.empty())
    return all_pending(one.migrations);
  if (!db) return db.error();
  auto rows = what == migrate_what::up ? (*db)->migrate() : (*db)->migrations();
  (*db)->stop();
  return rows;
}

result<std::vector<migration_row>> migrate_all(const settings& config, migrate_what what) {
  if (what == migrate_what::up && needs_data_dir(config)) {
    if (auto ok = prepare_data_dir(config.text("data_dir")); !ok) return ok.error();
  }
  std::vector<migration_row> out;
  const auto databases = all_databases(config);
  if (!databases) return databases.error();
  for (const auto& one : *databases) {
    auto rows = migrate_one(one, what);
    if (!rows) return rows.error();
    for (auto& row : *rows) {
      if (what != migrate_what::dry_run || !row.applied) out.push_back({one.name, std::move(row)});
    }
  }
  return out;
}

int migrate(const common_flags& flags, migrate_what what) {
  auto config = flags.load();
  if (!config) return fail(config.error(), flags.json);
  auto rows = migrate_all(*config, what);
  if (!rows) return fail(rows.error(), flags.json);
  if (flags.json) {
    print_json({{"success", true}, {"data", as_json(*rows)}});
  } else if (rows->empty()) {
    fmt::print("nothing to do: the schema is up to date\n");
  } else {
    print_rows(*rows);
  }
  if (what == migrate_what::dry_run && !flags.json) {
    for (const auto& row : *rows) fmt::print("\n{}", row.what.sql);
  }
  return exit_ok;
}

int show_config(const common_flags& flags) {
  auto config = flags.load();
  if (!config) return fail(config.error(), flags.json);
  json::object out;
  for (const auto& row : setting_rows()) {
    // A connection URL may hold a password; the log's redactor knows how to hide it.
    const auto& given = config->text(row.name);
    const bool secret = log::is_secret_name(row.name) && !given.empty();
    const auto shown = secret ? std::string("[redacted]") : log::redact(given);
    if (flags.json) {
      out[row.name] = {{"value", shown}, {"source", config->source(row.name)}};
    } else {
      fmt::print("{:<14} {:<36} {:<28} {}\n", row.name, shown.empty() ? "-" : shown,
                 config->source(row.name), row.environment);
    }
  }
  if (flags.json) print_json({{"success", true}, {"data", std::move(out)}});
  return exit_ok;
}

}  // namespace

void add_migrate(CLI::App& program, command_run& run) {
  auto* command = program.add_subcommand("migrate", "Look at or change the databases' schema");
  command->require_subcommand(1);
  struct row {
    const char* name;
    const char* meaning;
    migrate_what what;
  };
  static constexpr row rows[] = {
      {"up", "Apply what is missing", migrate_what::up},
      {"status", "List all migrations", migrate_what::status},
      {"dry-run", "Show what `up` would apply, with its SQL", migrate_what::dry_run},
  };
  for (const auto& one : rows) {
    auto flags = std::make_shared<common_flags>();
    auto* sub = command->add_subcommand(one.name, one.meaning);
    add_common_flags(*sub, *flags, {"data_dir"});
    sub->callback(
        [&run, flags, what = one.what] { run = [flags, what] { return migrate(*flags, what); }; });
  }
}

void add_config(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<common_flags>();
  auto* command =
      program.add_subcommand("config", "Show every setting, its value and where it comes from");
  add_common_flags(
      *command, *flags,
      {"data_dir", "host", "port", "workers", "concurrency", "sound_font", "log_level", "probe"});
  command->callback([&run, flags] { run = [flags] { return show_config(*flags); }; });
}

void add_version(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<common_flags>();
  auto* command = program.add_subcommand("version", "Show the version");
  add_common_flags(*command, *flags, {});
  command->callback([&run, flags] {
    run = [flags] {
      if (flags->json) {
        print_json({{"version", version}, {"compiler", __VERSION__}, {"boost", BOOST_LIB_VERSION}});
      } else {
        fmt::print("son1k {}\n", version);
      }
      return static_cast<int>(exit_ok);
    };
  });
}

}  // namespace son1k::app
