// The probe kind: a job that does what its data says, for tests, benchmarks and trying a
// deployment. Data, all optional: {"sleepMs":0, "cpuMs":0, "progressSteps":0, "failTimes":0,
// "failWith":"text", "fatal":false, "crash":false, "hang":false, "result":any}. A run waits,
// computes, reports its progress in steps, fails on the first `failTimes` attempts (`fatal`: not to
// be retried), kills its own process (`crash`), or ends only when asked to stop (`hang`); else it
// returns `result`.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "queue/kind.hpp"

namespace son1k::kinds {

struct probe_request {
  std::int64_t sleep_ms = 0;
  std::int64_t cpu_ms = 0;
  std::int64_t progress_steps = 0;
  std::int64_t fail_times = 0;
  std::string fail_with = "the probe failed as asked";
  bool fatal = false;
  bool crash = false;
  bool hang = false;
  std::string result = "null";  // JSON
};

// validation: names the field; malformed: not JSON.
result<probe_request> parse_probe(std::string_view data);

std::shared_ptr<queue::job_kind> make_probe_kind();

}  // namespace son1k::kinds
