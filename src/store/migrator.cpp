#include "store/migrator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.hpp"
#include "common_migrations.hpp"
#include "history_migrations.hpp"
#include "postgres_migrations.hpp"
#include "sqlite_migrations.hpp"
#include "store/async.hpp"

namespace son1k::store {
namespace {

const statement sql_create{
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    "version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
    "applied_at_ms BIGINT NOT NULL)"};
const statement sql_applied{
    "SELECT version, name, checksum, applied_at_ms FROM schema_migration ORDER BY version"};
const statement sql_note{
    "INSERT INTO schema_migration (version, name, checksum, applied_at_ms) "
    "VALUES ($1, $2, $3, $4)"};

std::string checksum_of(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return fmt::format("{:016x}", hash);
}

// "0001_job.sql" → 1, "job"; false for any other shape.
bool parse_name(std::string_view file, int& version, std::string& name) {
  constexpr std::string_view suffix = ".sql";
  if (file.size() < 10 || file[4] != '_' || !file.ends_with(suffix)) return false;
  auto parsed = std::from_chars(file.data(), file.data() + 4, version);
  name = file.substr(5, file.size() - 5 - suffix.size());
  return parsed.ec == std::errc() && parsed.ptr == file.data() + 4 && version > 0;
}

error too_new(int found, int known) {
  return {errc::schema_newer,
          text(fmt::format("The database has schema version {}, this program knows up to {}. Use "
                           "the newer program; nothing was changed.",
                           found, known),
               fmt::format("La base de datos tiene la versión de esquema {}, este programa conoce "
                           "hasta la {}. Usa el programa más nuevo; no se cambió nada.",
                           found, known))};
}

error altered(int version, const std::string& name) {
  return {errc::storage_corrupt,
          text(fmt::format("Migration {} ({}) was applied with another text than this program's.",
                           version, name),
               fmt::format("La migración {} ({}) se aplicó con otro texto que el de este programa.",
                           version, name))};
}

using first_step = std::function<result<void>(connection&)>;

// What is missing, looked up in the same transaction as it is applied.
transaction look(std::vector<migration_status>& statuses, std::span<const migration> known,
                 const first_step& before) {
  transaction tx;
  if (before) tx.stage(before);
  tx.stage([&statuses, known](connection& c) -> result<void> {
    if (auto created = c.execute(sql_create, {}); !created) return created.error();
    auto applied = read_applied(c);
    if (!applied) return applied.error();
    auto compared = compare(known, *applied);
    if (!compared) return compared.error();
    statuses = std::move(*compared);
    return {};
  });
  return tx;
}

// One migration as a transaction: its text, then its row. `done` tells whether it was applied here:
// another program may have been first.
transaction transaction_of(const migration& m, std::int64_t now_ms, const first_step& before,
                           bool& done) {
  transaction tx;
  if (before) tx.stage(before);
  tx.stage([m, now_ms, &done](connection& c) -> result<void> {
    done = false;
    auto applied = read_applied(c);
    if (!applied) return applied.error();
    if (std::ranges::count(*applied, m.version, &applied_migration::version) > 0) return {};
    if (auto ran = c.run_script(m.sql); !ran) {
      error why = ran.error();
      why.field = fmt::format("migration {:04}_{}", m.version, m.name);
      return why;
    }
    auto noted = c.execute(sql_note, {m.version, m.name, m.checksum, now_ms});
    if (!noted) return noted.error();
    done = true;
    return {};
  });
  return tx;
}

template <class Texts>
void append(std::vector<migration_source>& list, Texts texts) {
  for (const auto& one : texts) list.push_back({one.name, one.text});
}

template <class... Texts>
std::vector<migration_source> sources_of(Texts... texts) {
  std::vector<migration_source> list;
  (append(list, texts), ...);
  return list;
}

}  // namespace

std::span<const migration_source> sqlite_sources() {
  static const auto sources = sources_of(common::common_migrations(), sqlite::sqlite_migrations());
  return sources;
}

std::span<const migration_source> postgres_sources() {
  static const auto sources =
      sources_of(common::common_migrations(), postgres::postgres_migrations());
  return sources;
}

std::span<const migration_source> history_sources() {
  static const auto sources = sources_of(history::history_migrations());
  return sources;
}

result<std::vector<migration>> parse_migrations(std::span<const migration_source> sources) {
  std::vector<migration> list;
  for (const migration_source& source : sources) {
    migration m;
    if (!parse_name(source.file, m.version, m.name)) {
      return error(errc::internal, std::string(source.file),
                   text("A migration must be named NNNN_name.sql.",
                        "Una migración debe llamarse NNNN_nombre.sql."));
    }
    m.sql = source.sql;
    m.checksum = checksum_of(source.sql);
    list.push_back(std::move(m));
  }
  std::ranges::sort(list, {}, &migration::version);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].version == static_cast<int>(i) + 1) continue;
    return error(
        errc::internal, fmt::format("{:04}_{}.sql", list[i].version, list[i].name),
        text(fmt::format("Migration {} is expected here: numbers have no gap and no twin.", i + 1),
             fmt::format("Aquí se espera la migración {}: los números no tienen huecos "
                         "ni repeticiones.",
                         i + 1)));
  }
  return list;
}

result<std::vector<applied_migration>> read_applied(connection& c) {
  std::vector<applied_migration> rows;
  auto queried = c.query(sql_applied, {}, [&rows](const row& r) {
    rows.push_back({static_cast<int>(r.integer(0)), std::string(r.text(1)), std::string(r.text(2)),
                    r.integer(3)});
    return true;
  });
  if (!queried) return queried.error();
  return rows;
}

result<std::vector<migration_status>> compare(std::span<const migration> known,
                                              std::span<const applied_migration> applied) {
  int newest_known = static_cast<int>(known.size());
  if (!applied.empty() && applied.back().version > newest_known) {
    return too_new(applied.back().version, newest_known);
  }
  std::vector<migration_status> statuses;
  for (const migration& m : known) statuses.push_back({m.version, m.name, false, 0, m.sql});
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (applied[i].version != static_cast<int>(i) + 1) {
      return error(errc::storage_corrupt,
                   text(fmt::format("Migration {} is missing among those applied.", i + 1),
                        fmt::format("Falta la migración {} entre las aplicadas.", i + 1)));
    }
    if (applied[i].checksum != known[i].checksum) {
      return altered(applied[i].version, applied[i].name);
    }
    statuses[i].applied = true;
    statuses[i].applied_at_ms = applied[i].applied_at_ms;
  }
  return statuses;
}

result<std::vector<migration_status>> apply_missing(database& db, std::span<const migration> known,
                                                    const first_step& before) {
  std::vector<migration_status> statuses;
  auto looked = commit_and_wait(db, look(statuses, known, before));
  if (!looked) return looked.error();

  std::vector<migration_status> applied;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (statuses[i].applied) continue;
    std::int64_t now_ms = system_clock().now_ms();
    bool here = false;
    auto done = commit_and_wait(db, transaction_of(known[i], now_ms, before, here));
    if (!done) return done.error();
    if (!here) continue;
    statuses[i].applied = true;
    statuses[i].applied_at_ms = now_ms;
    applied.push_back(statuses[i]);
  }
  return applied;
}

}  // namespace son1k::store
