// The `database` port over one SQLite file: WAL, synchronous=FULL, one writer thread with group
// commit, a pool of reader threads, prepared statements kept per connection.
#pragma once
#include <filesystem>
#include <memory>

#include "store/database.hpp"

namespace son1k::store {

struct sqlite_settings {
  std::filesystem::path file;
  int readers = 2;
  std::size_t queued_writes_max = 65'536;  // transactions; more are refused with unavailable
  std::size_t queued_reads_max = 65'536;
  std::size_t group_max = 4'096;           // transactions in one commit
  int busy_ms = 2'000;                     // how long to wait for another program's lock
};

// Opens or creates the file. The schema is not touched: call migrate().
// storage_corrupt: damaged, or not an SQLite file; it is left as it is · schema_newer · unavailable:
// locked by another program (field names the file) · forbidden: no permission · storage_full.
result<std::unique_ptr<database>> open_sqlite(const sqlite_settings& settings);

}  // namespace son1k::store
