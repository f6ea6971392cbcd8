// The SQL side of a queue under test: a migrated SQLite file with faults on demand.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "store/sqlite/sqlite_database.hpp"
#include "support/faulty_database.hpp"

namespace son1k::test {

// A second opening finds what the first left. Ends the program where the file cannot be opened.
inline std::unique_ptr<faulty_database> open_sqlite_place(const std::filesystem::path& file) {
  store::sqlite_settings settings;
  settings.file = file;
  auto opened = store::open_sqlite(settings);
  if (!opened) {
    ADD_FAILURE() << opened.error().what();
    std::abort();
  }
  auto db = std::make_unique<faulty_database>(std::move(*opened));
  const auto migrated = db->migrate();
  if (!migrated) ADD_FAILURE() << migrated.error().what();
  return db;
}

}  // namespace son1k::test
