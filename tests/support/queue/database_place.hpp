// The SQL side of a queue under test: a migrated database with faults on demand, a SQLite file or
// one of a PostgreSQL. A second opening finds what the first left.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "store/postgres/postgres_database.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/faulty_database.hpp"

namespace son1k::test {

// Ends the program where it cannot be opened.
inline std::unique_ptr<faulty_database> open_place(
    result<std::unique_ptr<store::database>> opened) {
  if (!opened) {
    ADD_FAILURE() << opened.error().what();
    std::abort();
  }
  auto db = std::make_unique<faulty_database>(std::move(*opened));
  const auto migrated = db->migrate();
  if (!migrated) ADD_FAILURE() << migrated.error().what();
  return db;
}

inline std::unique_ptr<faulty_database> open_sqlite_place(const std::filesystem::path& file) {
  store::sqlite_settings settings;
  settings.file = file;
  return open_place(store::open_sqlite(settings));
}

inline std::unique_ptr<faulty_database> open_postgres_place(const std::string& url) {
  store::postgres_settings settings;
  settings.url = url;
  settings.pool_max = 2;
  // Nothing here is about being slow.
  settings.connect_max = settings.away_max = std::chrono::minutes(1);
  return open_place(store::open_postgres(settings));
}

}  // namespace son1k::test
