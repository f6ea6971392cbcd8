#include "app/profile.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "app/register_kinds.hpp"
#include "base/log.hpp"
#include "net/redis/redis_facts.hpp"
#include "ops/doctor_redis.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/history/postgres/postgres_history.hpp"
#include "queue/history/sqlite/sqlite_history.hpp"
#include "queue/redis/redis_queue.hpp"
#include "store/postgres/postgres_database.hpp"
#include "store/postgres/postgres_place.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace son1k::app {
namespace fs = std::filesystem;
namespace {

constexpr int history_readers_max = 4;

store::sqlite_settings job_file(const settings& config) {
  store::sqlite_settings out;
  out.file = fs::path(config.text("data_dir")) / "son1k.db";
  return out;
}

store::sqlite_settings history_file(const settings& config) {
  store::sqlite_settings out;
  out.file = fs::path(config.text("data_dir")) / "history.db";
  out.migrations = store::history_sources();
  out.check_ms_max = 50;  // the jobs' own file decides how soon the first request is served
  out.log_bytes_min = 0;
  return out;
}

store::postgres_settings job_server(const settings& config) {
  store::postgres_settings out;
  out.url = config.text("database_url");
  out.pool_min = static_cast<int>(config.integer("database_pool_min"));
  out.pool_max = static_cast<int>(config.integer("database_pool_max"));
  return out;
}

// Connections of its own, so that no create waits for the index of what has been.
store::postgres_settings history_server(const settings& config) {
  auto out = job_server(config);
  out.pool_min = 1;
  out.pool_max = std::min(out.pool_max, history_readers_max);
  return out;
}

named_database of_file(std::string name, store::sqlite_settings with) {
  named_database out{std::move(name), with.file.string(), with.file, with.migrations, {}};
  out.open = [with](bool inspect) {
    auto own = with;
    if (inspect) own.access = store::sqlite_access::inspect;
    return store::open_sqlite(own);
  };
  return out;
}

result<named_database> of_server(std::string name, store::postgres_settings with) {
  const auto place = store::postgres_place::parse(with.url);
  if (!place) return place.error();
  named_database out{std::move(name), place->name(), {}, with.migrations, {}};
  out.open = [with](bool) { return store::open_postgres(with); };
  return out;
}

error of_setting(error e, const char* name) {
  if (e.code == errc::validation) e.field = name;
  return e;
}

result<std::unique_ptr<store::database>> migrated(result<std::unique_ptr<store::database>> opened) {
  if (!opened) return opened;
  if (auto done = (*opened)->migrate(); !done) return done.error();
  return opened;
}

result<void> open_history_file(const settings& config, backends& into) {
  auto history = migrated(store::open_sqlite(history_file(config)));
  if (!history) return history.error();
  into.history = std::move(*history);
  into.history_tables = &queue::sqlite_history();
  return {};
}

result<void> open_embedded(const settings& config, backends& into) {
  auto with = job_file(config);
  with.commit_seconds = &into.figures->commit_seconds;
  auto database = migrated(store::open_sqlite(with));
  if (!database) return database.error();
  into.database = std::move(*database);
  queue::embedded_settings queueing;
  for (const auto& row : register_kinds(config))
    if (row.kind->stays_inside()) queueing.inside_kinds.emplace_back(row.kind->name());
  into.queue = queue::make_embedded_queue(*into.database, queueing, system_clock());
  return open_history_file(config, into);
}

// A server that takes no writes would let every call wait for one that does. What else is amiss is
// said, and what `son1k doctor` would advise.
result<void> look_at_redis(net::redis_client& client) {
  const auto facts = net::read_redis_facts(client, system_clock());
  if (!facts) return facts.error();
  for (const auto& found : ops::judge_redis(*facts)) {
    if (found.how == ops::verdict::good) continue;
    if (facts->role != "master" && found.about == "redis")
      return error(
          errc::unavailable, "redis_url",
          {found.what.en + "; " + found.advice.en, found.what.es + "; " + found.advice.es});
    log::warn("redis.setup", {{"what", found.what.en}, {"advice", found.advice.en}});
  }
  return {};
}

result<void> open_cluster(const settings& config, backends& into) {
  auto with = job_server(config);
  with.commit_seconds = &into.figures->commit_seconds;
  with.figures = &into.figures->postgres;
  auto database = migrated(store::open_postgres(with));
  if (!database) return of_setting(database.error(), "database_url");
  into.database = std::move(*database);
  auto history = store::open_postgres(history_server(config));
  if (!history) return of_setting(history.error(), "database_url");
  into.history = std::move(*history);
  into.history_tables = &queue::postgres_history();
  auto place = net::parse_redis_url(config.text("redis_url"));
  if (!place) return place.error();
  auto redis = net::redis_client::make(std::move(*place));
  if (!redis) return redis.error();
  into.redis = std::move(*redis);
  into.redis->start();
  if (auto ok = look_at_redis(*into.redis); !ok) return ok;
  auto place_here = process_place::take(config.text("data_dir"));
  if (!place_here && needs_data_dir(config)) return place_here.error();
  // Without a folder nobody takes this process's place: what it ran waits for its leases to end.
  if (place_here) into.place = std::move(*place_here);
  auto how = shared_queue(config);
  how.process = into.place.name();
  into.queue = queue::make_redis_queue(*into.redis, *into.database, how, system_clock());
  return {};
}

error missing_url(const char* field, const char* given) {
  return {errc::forbidden, field,
          text(fmt::format("is not set, but {} is: the cluster profile needs both, the embedded "
                           "one neither",
                           given),
               fmt::format("no está definido, pero {} sí: el perfil de clúster necesita ambos, el "
                           "embebido ninguno",
                           given))};
}

}  // namespace

queue::redis_queue_settings shared_queue(const settings& config) {
  queue::redis_queue_settings out;
  out.prefix = config.text("redis_prefix");
  out.fleet =
      config.integer("bullmq_version") == 5 ? queue::bullmq_fleet::v5 : queue::bullmq_fleet::v6;
  out.shared = config.boolean("bullmq_shared");
  out.stalls_max = config.integer("bullmq_stalls");
  out.metrics_minutes = config.integer("bullmq_metrics");
  return out;
}

result<profile> profile_of(const settings& config) {
  const bool database = !config.text("database_url").empty();
  const bool redis = !config.text("redis_url").empty();
  if (database && !redis) return missing_url("redis_url", "DATABASE_URL");
  if (redis && !database) return missing_url("database_url", "REDIS_URL");
  return database ? profile::cluster : profile::embedded;
}

bool needs_data_dir(const settings& config) {
  const auto kind = profile_of(config);
  return !kind || *kind == profile::embedded || config.text("artifacts_dir").empty();
}

result<std::vector<named_database>> all_databases(const settings& config) {
  const auto kind = profile_of(config);
  if (!kind) return kind.error();
  std::vector<named_database> out;
  if (*kind == profile::cluster) {
    auto jobs = of_server("jobs", job_server(config));
    if (!jobs) return of_setting(jobs.error(), "database_url");
    out.push_back(std::move(*jobs));
  } else {
    out.push_back(of_file("jobs", job_file(config)));
    out.push_back(of_file("history", history_file(config)));
  }
  return out;
}

result<backends> open_backends(const settings& config) {
  const auto kind = profile_of(config);
  if (!kind) return kind.error();
  backends out;
  out.kind = *kind;
  out.figures = std::make_unique<store_figures>();
  auto ok = *kind == profile::cluster ? open_cluster(config, out) : open_embedded(config, out);
  if (ok) return out;
  out.stop();
  return ok.error();
}

void backends::collect_figures(std::vector<metrics::family>& out) const {
  out.push_back({"son1k_database_commit_seconds",
                 "Time of a commit, with the writes of all that it gathered.",
                 metrics::family_type::histogram,
                 {}});
  out.back().add({}, figures->commit_seconds);
  if (kind != profile::cluster) return;
  figures->postgres.collect(out);
  redis->gather_figures(out);
}

void backends::stop() {
  if (queue) queue->stop();
  if (history) history->stop();
  if (database) database->stop();
  if (redis) redis->stop();
}

}  // namespace son1k::app
