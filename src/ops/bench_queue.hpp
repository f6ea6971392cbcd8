// Figures of the queue, run through the very code that serves jobs: database, queue,
// worker. Blocks the caller until all phases are through; owns everything it starts.
#pragma once
#include <boost/json/object.hpp>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "queue/kind.hpp"
#include "queue/queue.hpp"
#include "store/database.hpp"

namespace son1k::ops {

struct queue_bench_settings {
  std::size_t jobs = 200'000;     // in each throughput phase; 1..10'000'000
  std::size_t concurrency = 50;   // of the worker, and single adds in flight; 1..10'000
  std::size_t progress = 0;       // progress updates a job; 0..100
  std::size_t payload_bytes = 0;  // of each job's data; at most 100'000
  std::size_t add_batch = 500;    // jobs in one add of many; 1..10'000
  std::size_t latency_samples = 300;
  std::size_t waiting = 0;         // not 0: measure that many waiting jobs instead
  std::size_t clean = 0;           // not 0: measure cleaning that many jobs instead
  bool history = false;            // with the lasting history, which records every run
  std::filesystem::path data_dir;  // empty: a temporary folder; removed afterwards either way
};

// What is measured: a migrated database with the queue over it.
struct bench_backend {
  std::string name;              // "embedded", "redis"
  std::shared_ptr<void> server;  // that the queue talks to, if there is one; goes last
  std::unique_ptr<store::database> database;
  std::unique_ptr<queue::queue_port> queue;
  std::shared_ptr<void> history;  // goes before the queue; empty: none was asked for
  // Microseconds of processor time that the server has used so far; empty: there is none.
  std::function<result<double>()> server_cpu_us;
};
// Opens it with its files in `folder`, which is removed afterwards; with the lasting history?
using open_bench_backend =
    std::function<result<bench_backend>(const std::filesystem::path& folder, bool history)>;

// The probe's data for these settings.
std::string bench_data(const queue_bench_settings& settings);

// See bench_waiting.hpp and bench_clean.hpp for the objects of those two.
// `kind` must be the probe, or one that takes its data. The object holds `backend`, `jobs`,
// `concurrency`, `add_per_s` (one job a call), `add_many_per_s`, `process_per_s` (claim to end, of
// jobs that wait already), `lifecycle_per_s` (add to end, both at once), `latency_ms_p50` and
// `latency_ms_p99` (idle, from add to the completed event), `history`, `fsync`, `rss_mib` and
// `machine`; where there is a server also `server_us_per_add`, `server_us_per_add_many` and
// `server_us_per_process`, the time of its processor that a job takes there. validation: a setting
// out of range. Storage errors of the folder as they come.
result<boost::json::object> run_queue_bench(queue_bench_settings settings,
                                            std::shared_ptr<queue::job_kind> kind,
                                            const open_bench_backend& open);

}  // namespace son1k::ops
