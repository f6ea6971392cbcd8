// What working callers feel while the queue they work on is cleaned.
#pragma once
#include <boost/json/object.hpp>

#include "ops/bench_queue.hpp"

namespace son1k::ops {

// Fills a queue with `settings.clean` jobs, half of them delayed and half completed. Then callers
// add, claim and finish jobs of that queue one by one, first alone, then while all those jobs are
// cleaned away. The object holds `backend`, `jobs`, `clean_s`, and for the three calls
// `<call>_ms_p50_quiet`, `<call>_ms_p99_quiet`, `<call>_ms_p50_cleaning`, `<call>_ms_p99_cleaning`
// and `<call>_ms_max_cleaning`, then `p99_ratio`, the worst of the three, `fsync` and `machine`.
result<boost::json::object> run_clean_bench(const queue_bench_settings& settings,
                                            const open_bench_backend& open);

}  // namespace son1k::ops
