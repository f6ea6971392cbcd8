// The SQL side of a queue under test: a migrated database of a PostgreSQL with faults on demand.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "store/postgres/postgres_database.hpp"
#include "support/faulty_database.hpp"
#include "support/postgres_server.hpp"

namespace son1k::test {

// A second opening finds what the first left. Ends the program where it cannot be opened.
inline std::unique_ptr<faulty_database> open_postgres_place(const std::string& url) {
  store::postgres_settings settings;
  settings.url = url;
  settings.pool_max = 2;
  // Nothing here is about being slow.
  settings.connect_max = settings.away_max = std::chrono::minutes(1);
  auto opened = store::open_postgres(settings);
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
