// The `database` port over PostgreSQL: one writing connection with group commit in pipelines, a
// pool of reading connections that grows and shrinks, all of them coming back by themselves.
#pragma once
#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "store/migrator.hpp"
#include "store/postgres/postgres_figures.hpp"

namespace son1k::store {

struct postgres_settings {
  std::string url;  // see postgres_place::parse(); a pooler in transaction mode may answer there
  // Reading connections, beside the one that writes: kept, and at most.
  int pool_min = 1;
  int pool_max = 8;
  std::chrono::milliseconds pool_rest{60'000};  // unused that long, those above the minimum close
  std::chrono::milliseconds connect_max{5'000};
  std::chrono::milliseconds statement_max{30'000};
  // Of this process within a transaction; then the server undoes it, so that one that sleeps blocks
  // nobody. Longer than a step may wait for Redis.
  std::chrono::milliseconds idle_max{15'000};
  std::chrono::milliseconds migration_max{600'000};  // of one statement of a migration
  std::chrono::milliseconds away_max{5'000};  // how long work waits for a server that has gone
  std::size_t queued_writes_max = 65'536;     // transactions; more are refused: unavailable
  std::size_t queued_reads_max = 65'536;
  std::size_t group_max = 1'024;  // transactions in one commit
  bool prepare = true;            // false: keep no prepared statements, whoever answers
  std::span<const migration_source> migrations = postgres_sources();
  postgres_figures* figures = nullptr;           // may be null; outlives the database
  metrics::histogram* commit_seconds = nullptr;  // likewise; as in sqlite_settings
};

// Connects once, so that what is wrong is told at once. The schema is not touched: call migrate().
// validation: the URL · unauthenticated · not_found: no such database · forbidden · unavailable ·
// schema_newer. `field` names the server and the database, never the password.
result<std::unique_ptr<database>> open_postgres(const postgres_settings& settings);

}  // namespace son1k::store
