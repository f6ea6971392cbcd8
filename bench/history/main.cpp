// The lasting history by itself: how fast rows are written and indexed, and how long the first page
// of a search takes over many rows, for every field, common and rare. Prints one JSON object.
//   bench_history [folder | postgresql://…] [rows] [rounds]
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "queue/history/lasting_history.hpp"
#include "queue/history/postgres/postgres_history.hpp"
#include "queue/history/sqlite/sqlite_history.hpp"
#include "store/async.hpp"
#include "store/postgres/postgres_database.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/queue/memory_database.hpp"
#include "support/queue/scripted_queue.hpp"

namespace {

namespace asio = boost::asio;
using namespace son1k;
using namespace son1k::queue;
using clock_type = std::chrono::steady_clock;

double ms_since(clock_type::time_point start) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - start).count();
}

std::string pick(std::mt19937& random, std::initializer_list<const char*> of) {
  return *(of.begin() + static_cast<std::ptrdiff_t>(random() % of.size()));
}

// Jobs as a busy service has them; three of the whole are unlike all others.
run_record record(std::int64_t i, std::int64_t rows, std::mt19937& random, std::int64_t now_ms) {
  run_record r;
  const bool rare = i == 5 || i == rows / 2 || i == rows - 7;
  r.job = {pick(random, {"generation", "mail", "import", "cover"}), fmt::format("job-{:09}", i)};
  r.kind = rare ? "rare-kind" : r.job.queue;
  r.user = rare ? "rare-user" : fmt::format("user{}", random() % 20'000);
  r.group = fmt::format("tenant{}", random() % 50);
  r.worker = rare ? "rare-worker" : fmt::format("host:{}:1", random() % 8);
  r.priority = static_cast<std::int32_t>(random() % 4) * 5;
  r.fence = r.attempts_made = rare ? 9 : static_cast<std::int32_t>(1 + random() % 3);
  r.ended_at_ms = now_ms - (rows - i) * 2'000;
  r.started_at_ms =
      r.ended_at_ms - (rare ? 4'000'000 : static_cast<std::int64_t>(random() % 60'000));
  r.ready_at_ms = r.started_at_ms - static_cast<std::int64_t>(random() % 5'000);
  r.added_at_ms = r.ready_at_ms;
  r.data = fmt::format(R"({{"prompt":"{} {} {} number {}","bpm":{},"trial":{}}})",
                       pick(random, {"lofi", "techno", "cumbia", "ambient", "jazz"}),
                       pick(random, {"rain", "night", "morning", "train", "coffee"}),
                       rare ? "zyzzyva" : pick(random, {"slow", "fast", "warm", "dusty"}),
                       random() % 100'000, 60 + random() % 120, rare ? "true" : "false");
  if (rare || random() % 10 == 0) {
    r.state = job_state::failed;
    r.error = job_error{pick(random, {"timeout", "upstream", "storage_full"}),
                        rare ? "the quokka refused"
                             : fmt::format("request {} timed out after {} s on host{}",
                                           random() % 1'000'000, random() % 60, random() % 40),
                        true};
    r.options = job_options{};
  } else {
    r.result = R"({"ok":true,"seconds":61.5})";
  }
  return r;
}

void commit(store::database& db, store::transaction::step step) {
  store::transaction tx(store::durability::process);
  tx.stage(std::move(step));
  const auto ok = store::commit_and_wait(db, std::move(tx));
  if (ok) return;
  std::fprintf(stderr, "%s\n", ok.error().what().c_str());
  std::exit(1);
}

// Milliseconds of all rows.
void fill(store::database& db, const history_tables& tables, std::int64_t rows, double& write_ms,
          double& index_ms, double& index_ms_max) {
  std::mt19937 random(7);
  const auto now_ms = system_clock().now_ms();
  const auto pace = tables.pace(rows);
  for (std::int64_t at = 0; at < rows; at += 1'000) {
    std::vector<run_record> batch;
    for (auto i = at; i < std::min(rows, at + 1'000); ++i) {
      batch.push_back(record(i, rows, random, now_ms));
    }
    auto start = clock_type::now();
    commit(db, [&](store::connection& c) { return write_records(tables, c, batch); });
    write_ms += ms_since(start);
    for (bool more = true; more;) {
      start = clock_type::now();
      commit(db, [&](store::connection& c) -> result<void> {
        auto done = tables.index_rows(c, pace);
        if (!done) return done.error();
        more = *done;
        return {};
      });
      index_ms += ms_since(start);
      index_ms_max = std::max(index_ms_max, ms_since(start));
    }
  }
}

std::int64_t number_in(store::database& db, const char* sql) {
  const store::statement one(sql);
  auto read = store::read_and_wait(db, [&](store::connection& c) -> result<std::int64_t> {
    std::int64_t out = 0;
    auto ok = c.query(one, {}, [&](const store::row& r) { return out = r.integer(0), false; });
    if (!ok) return ok.error();
    return out;
  });
  return read ? *read : 0;
}

constexpr const char* queries[] = {
    "",
    "id:job-000000005",
    "state:failed",
    "state:failed kind:mail user:user17",
    "kind:rare-kind",
    "queue:cover",
    "user:user4711",
    "user:rare-user",
    "group:tenant7 state:failed",
    "worker:rare-worker",
    "error:timeout",
    "error~\"timed out after 59\"",
    "error~quokka",
    "error~\"nobody says this\"",
    "data.bpm:97",
    "data.trial:true",
    "data.prompt~lofi",
    "data.prompt~\"number 4711\"",
    "data.prompt~zyzzyva",
    "data.prompt~\"techno rain zyz\"",
    "priority>10",
    "attempts>5",
    "duration>1h",
    "duration<10ms",
    "wait>4900ms",
    "created<2h",
    "created>20d",
    "finished<1d state:failed",
    "kind:mail queue:cover",
    "-state:completed -error:timeout -error:upstream",
};

}  // namespace

int main(int argc, char** argv) {
  const std::string place = argc > 1 ? argv[1] : "bench_history_data";
  const std::int64_t rows = argc > 2 ? std::stoll(argv[2]) : 1'000'000;
  const int rounds = argc > 3 ? std::stoi(argv[3]) : 20;
  const bool on_server = place.starts_with("postgres");
  const auto& tables = on_server ? postgres_history() : sqlite_history();
  const auto open = [&] {
    if (on_server) {
      store::postgres_settings settings;
      settings.url = place;
      return store::open_postgres(settings);
    }
    std::filesystem::create_directories(place);
    store::sqlite_settings settings;
    settings.file = std::filesystem::path(place) / "history.db";
    settings.migrations = store::history_sources();
    return store::open_sqlite(settings);
  };
  auto opened = open();
  if (!opened || !(*opened)->migrate()) return 1;
  auto& db = **opened;
  double write_ms = 0;
  double index_ms = 0;
  double index_ms_max = 0;
  if (number_in(db, "SELECT count(*) FROM (SELECT 1 FROM history LIMIT 1) AS one") == 0)
    fill(db, tables, rows, write_ms, index_ms, index_ms_max);

  asio::io_context loop;
  son1k::test::memory_database domain;
  son1k::test::scripted_queue jobs;
  lasting_history history(db, tables, domain, jobs, system_clock(), {}, nullptr);
  std::string lines;
  double worst = 0;
  for (const char* text : queries) {
    std::vector<double> times;
    std::size_t found = 0;
    bool whole = false;
    for (int i = 0; i < rounds; ++i) {
      const auto query = parse_query(text, system_clock().now_ms());
      if (!query) return 1;
      const auto start = clock_type::now();
      auto page = asio::co_spawn(loop, history.search(*query, "", 100), asio::use_future);
      loop.run();
      loop.restart();
      const auto got = page.get();
      times.push_back(ms_since(start));
      if (!got) return 1;
      found = got->jobs.size();
      whole = got->next.empty() || found == 100;
    }
    std::sort(times.begin(), times.end());
    worst = std::max(worst, times.back());
    std::string escaped;
    for (const char* c = text; *c != '\0'; ++c) escaped += *c == '"' ? "\\\"" : std::string(1, *c);
    lines += fmt::format(
        "{}\n    {{\"query\":\"{}\",\"jobs\":{},\"whole\":{},\"ms_p50\":{:.2f},\"ms_max\":{:.2f}}}",
        lines.empty() ? "" : ",", escaped, found, whole, times[times.size() / 2], times.back());
  }
  const auto bytes =
      number_in(db, on_server ? "SELECT CAST(sum(pg_total_relation_size(oid)) AS BIGINT) "
                                "FROM pg_class WHERE relkind = 'r' AND relname LIKE 'history%'"
                              : "SELECT page_count * page_size FROM pragma_page_count(), "
                                "pragma_page_size()");
  const auto rate = [rows](double ms) {
    return ms == 0 ? 0.0 : static_cast<double>(rows) / ms * 1e3;
  };
  fmt::print(
      "{{\"rows\":{},\"mib\":{},\"write_per_s\":{:.0f},\"index_per_s\":{:.0f},"
      "\"index_ms_max\":{:.1f},"
      "\"first_page_ms_max\":{:.2f},\n  \"searches\":[{}]}}\n",
      rows, bytes >> 20, rate(write_ms), rate(index_ms), index_ms_max, worst, lines);
  db.stop();
  return 0;
}
