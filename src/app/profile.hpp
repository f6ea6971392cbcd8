// What a deployment stands on. Two settings choose: without them everything is in the data folder
// and in one process; with DATABASE_URL and REDIS_URL it is in PostgreSQL and Redis, and any number
// of processes share it. Nothing else knows which of the two it is.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/process_place.hpp"
#include "app/settings.hpp"
#include "base/metrics.hpp"
#include "net/redis/redis_client.hpp"
#include "queue/history/history_tables.hpp"
#include "queue/queue.hpp"
#include "queue/redis/redis_queue.hpp"
#include "store/migrator.hpp"
#include "store/postgres/postgres_figures.hpp"

namespace son1k::app {

enum class profile { embedded, cluster };
// forbidden: one of the two URLs without the other; the field names the one that is missing.
result<profile> profile_of(const settings& config);

// Whether anything stands in the data folder that must be found again: the embedded profile's
// files, and the pieces where they have no folder of their own.
bool needs_data_dir(const settings& config);

// What a database records into while it lives.
struct store_figures {
  metrics::histogram commit_seconds{metrics::request_seconds};
  store::postgres_figures postgres;
};

// A database of the deployment, as commands that only look at it open it.
struct named_database {
  std::string name;
  std::string place;           // for people: a file, or a server
  std::filesystem::path file;  // empty: it is on a server
  std::span<const store::migration_source> migrations;
  // `inspect`: reads beside a running server and changes nothing. Errors: open_sqlite(),
  // open_postgres().
  std::function<result<std::unique_ptr<store::database>>(bool inspect)> open;
};
// forbidden, validation: see profile_of() and postgres_place.
result<std::vector<named_database>> all_databases(const settings& config);

// The parts, opened and migrated; each is used by those after it.
struct backends {
  profile kind = profile::embedded;
  std::unique_ptr<store_figures> figures;
  process_place place;                       // of the cluster
  std::unique_ptr<net::redis_client> redis;  // of the cluster
  std::unique_ptr<store::database> database;
  std::unique_ptr<store::database> history;
  const queue::history_tables* history_tables = nullptr;  // their form there
  std::unique_ptr<queue::queue_port> queue;

  void collect_figures(std::vector<metrics::family>& out) const;
  // Ends them in reverse order. Repeatable.
  void stop();
};
// Of the cluster's queue, without the name of a process.
queue::redis_queue_settings shared_queue(const settings& config);
// The data folder is there. The field of an error names the thing: a file, a server, a setting.
result<backends> open_backends(const settings& config);

}  // namespace son1k::app
