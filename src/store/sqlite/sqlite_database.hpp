// The `database` port over one SQLite file: a write-ahead log that is fsynced once a group before
// anybody is told, one writer thread, a pool of reader threads, prepared statements kept per
// connection.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/metrics.hpp"
#include "store/migrator.hpp"

namespace son1k::store {

enum class sqlite_access {
  own,      // the one program that writes; a lock file beside the database says so
  inspect,  // reads beside the owner, which may be running; every commit is refused
};

struct sqlite_settings {
  std::filesystem::path file;
  int readers = 2;
  std::size_t queued_writes_max = 65'536;  // transactions; more are refused with unavailable
  std::size_t queued_reads_max = 65'536;
  std::size_t group_max = 4'096;         // transactions in one commit
  int busy_ms = 2'000;                   // how long to wait for another program's lock
  int check_ms_max = 500;                // bound on the search for damage at open
  std::size_t log_bytes_min = 5u << 20;  // length of the write-ahead log made ready at open
  int log_pages_max = 8'192;             // beyond it the log is copied into the database at work
  sqlite_access access = sqlite_access::own;
  std::span<const migration_source> migrations = sqlite_sources();
  // Where the time of each group from its begin to its commit is noted; may be null. Outlives the
  // database.
  metrics::histogram* commit_seconds = nullptr;
  std::string vfs;  // SQLite's file layer by name; empty = the system's
};

// Opens or creates the file (0600, a new folder 0700). The schema is not touched: call migrate().
// The owner holds an advisory lock on `<file>.lock`, which carries its process id.
// storage_corrupt: damaged, or not a database of ours; it is left as it is · schema_newer ·
// unavailable: in use by another program, or the file system cannot share memory as the log needs ·
// forbidden: no permission, or read-only · not_found: nothing to inspect · storage_full.
// `field` names the file or folder.
result<std::unique_ptr<database>> open_sqlite(const sqlite_settings& settings);

}  // namespace son1k::store
