// son1k bench: figures of this machine, through the code that serves jobs.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <optional>

#include "app/command_line.hpp"
#include "app/end_signals.hpp"
#include "base/uuid.hpp"
#include "kinds/probe/probe.hpp"
#include "net/redis/redis_client.hpp"
#include "ops/bench_queue.hpp"
#include "ops/bench_realtime.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "queue/history/lasting_history.hpp"
#include "queue/history/sqlite/sqlite_history.hpp"
#include "queue/redis/redis_queue.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace son1k::app {
namespace json = boost::json;
namespace {

// A history in files of its own beside the queue's.
struct bench_history {
  std::unique_ptr<store::database> database;
  std::optional<queue::lasting_history> history;
  ~bench_history() {
    if (history) history->stop();
    database->stop();
  }
};

result<std::shared_ptr<void>> open_bench_history(const std::filesystem::path& folder,
                                                 const ops::bench_backend& beside) {
  store::sqlite_settings sqlite;
  sqlite.file = folder / "history.db";
  sqlite.migrations = store::history_sources();
  auto db = store::open_sqlite(sqlite);
  if (!db) return db.error();
  if (auto migrated = (*db)->migrate(); !migrated) return migrated.error();
  auto made = std::make_shared<bench_history>();
  made->database = std::move(*db);
  made->history.emplace(*made->database, queue::sqlite_history(), *beside.database, *beside.queue,
                        system_clock(), queue::history_settings{}, nullptr);
  made->history->start();
  return std::shared_ptr<void>(std::move(made));
}

// What a benchmark leaves in Redis goes with it: its keys have a prefix of their own.
struct bench_redis {
  std::unique_ptr<net::redis_client> client;
  std::string prefix = "bench-" + uuid_v7().substr(28);

  ~bench_redis() {
    std::string cursor = "0";
    do {
      auto page = client->call_and_wait({"SCAN", cursor, "MATCH", prefix + ":*", "COUNT", 1'000});
      if (!page || page->size() != 2) break;
      cursor = (*page)[0].bytes();
      net::redis_command forget("UNLINK");
      for (const auto& key : (*page)[1].items()) forget.add(key.bytes());
      if ((*page)[1].size() > 0 && !client->call_and_wait(std::move(forget))) break;
    } while (cursor != "0");
    client->stop();
  }
};

result<std::shared_ptr<bench_redis>> open_bench_redis(const std::string& url) {
  auto place = net::parse_redis_url(url);
  if (!place) return place.error();
  auto client = net::redis_client::make(std::move(*place));
  if (!client) return client.error();
  auto out = std::make_shared<bench_redis>();
  out->client = std::move(*client);
  out->client->start();
  if (auto pong = out->client->call_and_wait({"PING"}); !pong) return pong.error();
  return out;
}

result<double> cpu_us_of(net::redis_client& client) {
  const auto info = client.call_and_wait({"INFO", "cpu"});
  if (!info) return info.error();
  double seconds = 0;
  for (const std::string_view name : {"used_cpu_sys:", "used_cpu_user:"}) {
    const auto at = info->bytes().find(name);
    if (at != std::string_view::npos)
      seconds +=
          std::strtod(std::string(info->bytes().substr(at + name.size(), 20)).c_str(), nullptr);
  }
  return seconds * 1e6;
}

result<ops::bench_backend> open_for_bench(const std::filesystem::path& folder, bool history,
                                          const std::string& redis_url, bool outside) {
  store::sqlite_settings sqlite;
  sqlite.file = folder / "bench.db";
  auto db = store::open_sqlite(sqlite);
  if (!db) return db.error();
  if (auto migrated = (*db)->migrate(); !migrated) return migrated.error();
  ops::bench_backend backend;
  if (redis_url.empty()) {
    backend.name = "embedded";
    queue::embedded_settings queueing;
    const auto probe = kinds::make_probe_kind();
    if (probe->stays_inside() && !outside) queueing.inside_kinds.emplace_back(probe->name());
    backend.queue = queue::make_embedded_queue(**db, queueing, system_clock());
  } else {
    auto redis = open_bench_redis(redis_url);
    if (!redis) return redis.error();
    backend.name = "redis";
    backend.server = *redis;
    backend.server_cpu_us = [&client = *(*redis)->client] { return cpu_us_of(client); };
    queue::redis_queue_settings with;
    with.prefix = (*redis)->prefix;
    backend.queue = queue::make_redis_queue(*(*redis)->client, **db, with, system_clock());
  }
  backend.database = std::move(*db);
  if (history) {
    auto opened = open_bench_history(folder, backend);
    if (!opened) return opened.error();
    backend.history = std::move(*opened);
  }
  return backend;
}

}  // namespace

namespace {

void add_bench_realtime(CLI::App& bench, command_run& run) {
  auto* realtime = bench.add_subcommand(
      "realtime", "The realtime server alone, for an outside load client to measure");
  auto with = std::make_shared<ops::realtime_bench_settings>();
  realtime->add_option("--serve", with->port, "the port; 0 takes any")->required();
  realtime->add_option("--reactors", with->reactors, "threads that serve")
      ->check(CLI::Range(1, 256));
  realtime->callback([&run, with] {
    run = [with] {
      end_signals signals;
      auto served = ops::serve_realtime_bench(*with, [&signals] { signals.wait(); });
      return served ? static_cast<int>(exit_ok) : fail(served.error(), false);
    };
  });
}

}  // namespace

void add_bench(CLI::App& program, command_run& run) {
  auto* command = program.add_subcommand("bench", "Measure this machine");
  command->require_subcommand(1);
  auto* queue = command->add_subcommand("queue", "Jobs a second through the code that serves them");
  add_bench_realtime(*command, run);
  auto flags = std::make_shared<common_flags>();
  auto with = std::make_shared<ops::queue_bench_settings>();
  add_common_flags(*queue, *flags, {"data_dir"});
  queue->add_option("--jobs", with->jobs, "how many")->check(CLI::Range(1, 10'000'000));
  queue->add_option("--concurrency", with->concurrency, "in flight at once")
      ->check(CLI::Range(1, 10'000));
  queue->add_option("--payload", with->payload_bytes, "bytes of each job's data")
      ->check(CLI::Range(0, 100'000));
  queue->add_option("--progress", with->progress, "progress updates a job")
      ->check(CLI::Range(0, 100));
  queue->add_option("--waiting", with->waiting, "instead: what that many waiting jobs cost")
      ->check(CLI::Range(1, 9'000'000));
  queue->add_option("--clean", with->clean, "instead: cleaning that many jobs while others work")
      ->check(CLI::Range(2, 9'000'000));
  queue->add_flag("--history", with->history, "with the lasting history, which records each run");
  auto redis_url = std::make_shared<std::string>();
  queue->add_option("--redis-url", *redis_url, "the queue in this Redis, not in the folder");
  auto outside = std::make_shared<bool>(false);
  queue->add_flag("--outside", *outside, "as if runs had effects outside of the database");
  queue->callback([&run, flags, with, redis_url, outside] {
    run = [flags, with, redis_url, outside] {
      if (const auto at = flags->settings.find("data_dir"); at != flags->settings.end()) {
        with->data_dir = at->second;
      }
      const auto open = [&](const std::filesystem::path& folder, bool history) {
        return open_for_bench(folder, history, *redis_url, *outside);
      };
      auto measured = ops::run_queue_bench(*with, kinds::make_probe_kind(), open);
      if (!measured) return fail(measured.error(), flags->json);
      if (flags->json) {
        print_json(*measured);
      } else {
        for (const auto& pair : *measured) {
          fmt::print("{:<20} {}\n", std::string_view(pair.key()), json::serialize(pair.value()));
        }
      }
      return static_cast<int>(exit_ok);
    };
  });
}

}  // namespace son1k::app
