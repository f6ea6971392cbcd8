// What waiting jobs cost: memory and time to come back after a restart.
#pragma once
#include <boost/json/object.hpp>

#include "ops/bench_queue.hpp"

namespace son1k::ops {

// Adds `settings.waiting` jobs to a queue that is paused, then opens the same files anew. The
// object holds `backend`, `jobs`, `payload_bytes`, `add_many_per_s`, `rss_bytes_per_job`,
// `file_bytes_per_job`, `reopen_s`, `rss_mib` (of all, after the reopening), `rss_mib_at_start`,
// `fsync` and `machine`. Memory is
// what the process holds resident, after a first crowd has filled the caches of the database.
result<boost::json::object> run_waiting_bench(const queue_bench_settings& settings,
                                              const open_bench_backend& open);

}  // namespace son1k::ops
