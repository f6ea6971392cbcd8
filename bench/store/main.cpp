// Micro benchmark of the store: durable inserts at several group sizes, latency at rest, coroutines
// that wait, reads. bench_store [folder] [seconds per measure]; the folder decides the disk.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace {

using namespace son1k;
using namespace son1k::store;
using steady = std::chrono::steady_clock;

const statement create_rows{
    "CREATE TABLE IF NOT EXISTS bench_row (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, "
    "at_ms BIGINT NOT NULL, words TEXT NOT NULL)"};
const statement insert_row{"INSERT INTO bench_row (id, at_ms, words) VALUES ($1, $2, $3)"};
const statement select_row{"SELECT id, at_ms, words FROM bench_row WHERE seq = $1"};
const std::string sample_id = "0193f0a2-7c1e-7a44-9b5e-2f0d6c1b8a90";
const std::string sample_words(100, 'w');

// Wall time and the processor time of all threads since it was made: the second tells the cost
// where the disk or a neighbour spoils the first.
class stopwatch {
 public:
  double wall() const { return std::chrono::duration<double>(steady::now() - start_).count(); }
  double cpu() const { return cpu_now() - cpu_start_; }

 private:
  static double cpu_now() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    auto seconds = [](timeval t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
  }
  steady::time_point start_ = steady::now();
  double cpu_start_ = cpu_now();
};

void report(std::string_view what, int waiting, int each, std::int64_t done, const stopwatch& w) {
  double took = w.wall();
  auto count = static_cast<double>(done);
  fmt::print(
      "{:<9} {:>5} waiting x {:>4} {:>9.0f} transactions/s {:>9.0f} rows/s {:>7.2f} us cpu/row\n",
      what, waiting, each, count / took, count * each / took, w.cpu() * 1e6 / count / each);
}

steady::duration span_of(double seconds) {
  return std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(seconds));
}

transaction inserts(int count, durability d = durability::power) {
  transaction tx(d);
  tx.stage([count](connection& c) -> result<void> {
    for (int i = 0; i < count; ++i) {
      auto put = c.execute(insert_row, {sample_id, std::int64_t{i}, sample_words});
      if (!put) return put.error();
    }
    return {};
  });
  return tx;
}

// Keeps `waiting` transactions in flight from the acknowledgements themselves.
class closed_loop {
 public:
  closed_loop(database& db, int waiting, int each, durability d, double seconds)
      : db_(db),
        each_(each),
        promise_(d),
        until_(steady::now() + span_of(seconds)),
        running_(waiting) {
    for (int i = 0; i < waiting; ++i) next();
    ended_.get_future().wait();
  }
  std::int64_t done() const { return done_; }

 private:
  void next() {
    db_.commit(inserts(each_, promise_), [this](result<void> outcome) {
      if (!outcome) fmt::print("failed: {}\n", outcome.error().what());
      ++done_;
      if (outcome && steady::now() < until_) return next();
      if (--running_ == 0) ended_.set_value();
    });
  }

  database& db_;
  const int each_;
  const durability promise_;
  const steady::time_point until_;
  std::atomic<int> running_;
  std::atomic<std::int64_t> done_ = 0;
  std::promise<void> ended_;
};

void report_loop(database& db, int waiting, int each, durability d, double seconds) {
  stopwatch watch;
  closed_loop loop(db, waiting, each, d, seconds);
  report(d == durability::power ? "power" : "process", waiting, each, loop.done(), watch);
}

void report_latency(database& db, double seconds) {
  std::vector<double> micros;
  stopwatch whole;
  while (whole.wall() < seconds) {
    stopwatch one;
    if (auto done = commit_and_wait(db, inserts(1)); !done) return;
    micros.push_back(one.wall() * 1e6);
  }
  std::ranges::sort(micros);
  auto at = [&](double part) {
    return micros[static_cast<std::size_t>(part * static_cast<double>(micros.size() - 1))];
  };
  fmt::print("at rest   commit p50 {:.0f} us, p99 {:.0f} us, max {:.0f} us\n", at(0.5), at(0.99),
             at(1));
}

boost::asio::awaitable<void> waiter(database& db, int each, steady::time_point until,
                                    std::atomic<std::int64_t>& done) {
  while (steady::now() < until) {
    auto outcome = co_await async_commit(db, inserts(each));
    if (!outcome) co_return;
    ++done;
  }
}

void report_coroutines(database& db, int waiting, int each, double seconds) {
  boost::asio::io_context contexts[2];
  std::atomic<std::int64_t> done = 0;
  stopwatch watch;
  auto until = steady::now() + span_of(seconds);
  for (int i = 0; i < waiting; ++i) {
    boost::asio::co_spawn(contexts[i % 2], waiter(db, each, until, done), boost::asio::detached);
  }
  std::thread other([&] { contexts[1].run(); });
  contexts[0].run();
  other.join();
  report("coroutine", waiting, each, done, watch);
}

void report_reads(database& db, double seconds) {
  constexpr int in_flight = 64;
  std::atomic<int> running = in_flight;
  std::atomic<std::int64_t> done = 0;
  std::promise<void> ended;
  stopwatch watch;
  std::function<void(connection&)> read = [&](connection& c) {
    auto found =
        c.query(select_row, {1 + done % 1'000}, [](const row& r) { return r.text(0).empty(); });
    if (found && ++done >= 0 && watch.wall() < seconds && db.read(read)) return;
    if (--running == 0) ended.set_value();
  };
  for (int i = 0; i < in_flight; ++i) static_cast<void>(db.read(read));
  ended.get_future().wait();
  report("reads", in_flight, 1, done, watch);
}

}  // namespace

int main(int count, char** arguments) {
  std::filesystem::path folder = count > 1 ? arguments[1] : std::filesystem::temp_directory_path();
  double seconds = count > 2 ? std::stod(arguments[2]) : 2;
  folder /= fmt::format("son1k-bench-{}", getpid());
  sqlite_settings settings;
  settings.file = folder / "bench.db";
  settings.migrations = {};
  {
    auto opened = open_sqlite(settings);
    if (!opened) return fmt::print("{}\n", opened.error().what()), 1;
    database& db = **opened;
    transaction schema;
    schema.stage([](connection& c) -> result<void> {
      auto made = c.execute(create_rows, {});
      return made ? result<void>{} : made.error();
    });
    if (auto made = commit_and_wait(db, std::move(schema)); !made) return 1;
    report_latency(db, seconds);
    for (int waiting : {1, 64, 1'000, 4'000})
      report_loop(db, waiting, 1, durability::power, seconds);
    report_loop(db, 64, 2, durability::power, seconds);
    report_loop(db, 1, 1'000, durability::power, seconds);
    report_loop(db, 64, 1, durability::process, seconds);
    report_coroutines(db, 64, 2, seconds);
    report_reads(db, seconds);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}
