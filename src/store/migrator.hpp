// Forward-only, numbered migrations: which there are, which a database has, and how the missing
// ones are applied. Every database has the same numbers and names; a text is shared where both read
// it, and has one file for each in the folders sqlite and postgres where they do not. An applied
// migration is never edited: its checksum is kept beside its number. Stateless, thread-safe.
#pragma once
#include <functional>
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
std::span<const migration_source> sqlite_sources();
std::span<const migration_source> postgres_sources();
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
// first failure ends it; what was applied before stays. `before` runs first in each transaction: a
// lock, where several programs may be at it at once.
result<std::vector<migration_status>> apply_missing(
    database& db, std::span<const migration> known,
    const std::function<result<void>(connection&)>& before = nullptr);

}  // namespace son1k::store
