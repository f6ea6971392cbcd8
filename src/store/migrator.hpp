// Forward-only, numbered migrations, the same for every database: which there are, which a database
// has, and how the missing ones are applied. An applied migration is never edited: its checksum is
// kept beside its number. Stateless, thread-safe.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.hpp"

namespace son1k::store {

// A file of src/store/migrations: "0001_job.sql" and its text. Both live as long as the program.
struct migration_source {
  std::string_view file;
  std::string_view sql;
};

struct migration {
  int version = 0;
  std::string name;  // "job"
  std::string_view sql;
  std::string checksum;  // 16 hexadecimal digits (FNV-1a, 64 bits)
};

// Those this program carries: of the database of jobs, and of the lasting history's own.
std::span<const migration_source> embedded_sources();
std::span<const migration_source> history_sources();

// In order of their numbers. internal: a name that is not NNNN_name.sql, a gap, a number used
// twice.
result<std::vector<migration>> parse_migrations(std::span<const migration_source> sources);

// A row of the table schema_migration.
struct applied_migration {
  int version = 0;
  std::string name;
  std::string checksum;
  std::int64_t applied_at_ms = 0;
};

// By version. internal: the table is not there (a database that was never migrated).
result<std::vector<applied_migration>> read_applied(connection& c);

// What a database has against what the program knows, by version.
// schema_newer: applied versions the program does not know · storage_corrupt: an applied migration
// differs from the program's, or one is missing between applied ones.
result<std::vector<migration_status>> compare(std::span<const migration> known,
                                              std::span<const applied_migration> applied);

// Applies the missing ones in order, each in a transaction with its row; returns those applied. The
// first failure ends it; what was applied before stays.
result<std::vector<migration_status>> apply_missing(database& db, std::span<const migration> known);

}  // namespace son1k::store
