#include "ops/bench_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ops/bench_clean.hpp"
#include "ops/bench_parts.hpp"
#include "ops/bench_waiting.hpp"
#include "ops/machine_facts.hpp"
#include "queue/worker.hpp"

namespace son1k::ops {
using namespace std::chrono;

namespace {

constexpr seconds phase_limit{600};

class queue_bench {
 public:
  queue_bench(queue_bench_settings settings, std::shared_ptr<queue::job_kind> kind,
              bench_backend backend)
      : settings_(std::move(settings)),
        kind_(std::move(kind)),
        server_cpu_us_(backend.server_cpu_us),
        stack_(std::move(backend)) {
    model_.kind = kind_->name();
    model_.data = bench_data(settings_);
  }

  // Adds `jobs` jobs, `batch` a call, `in_flight` calls at once; jobs per second.
  result<double> add(std::string queue, std::size_t batch, std::size_t in_flight);
  result<double> process(const std::string& queue);
  result<double> lifecycle(const std::string& queue);
  // Sorted milliseconds.
  result<std::vector<double>> latencies(const std::string& queue);
  // Of the server and a job, since the last call; nothing without a server.
  std::optional<double> server_us();

 private:
  std::unique_ptr<queue::worker> make_worker(const std::string& queue);
  result<void> wait_ended(const queue::worker& worker);

  queue_bench_settings settings_;
  std::shared_ptr<queue::job_kind> kind_;
  const std::function<result<double>()> server_cpu_us_;
  double server_seen_us_ = 0;
  bench_stack stack_;
  queue::job_spec model_;
};

result<double> queue_bench::add(std::string queue, std::size_t batch, std::size_t in_flight) {
  model_.queue = std::move(queue);
  const auto begun = steady_clock::now();
  auto ok = add_crowd(stack_.queue(), model_, {settings_.jobs, batch, in_flight});
  if (!ok) return ok.error();
  return static_cast<double>(settings_.jobs) / seconds_since(begun);
}

std::unique_ptr<queue::worker> queue_bench::make_worker(const std::string& queue) {
  queue::worker_settings settings;
  settings.queues = {queue};
  settings.concurrency = settings_.concurrency;
  settings.limiter.reset();
  settings.compute_threads = 1;
  std::vector<std::shared_ptr<queue::job_kind>> kinds{kind_};
  return std::make_unique<queue::worker>(stack_.queue(), stack_.database(), std::move(kinds),
                                         std::move(settings));
}

result<void> queue_bench::wait_ended(const queue::worker& worker) {
  const auto until = steady_clock::now() + phase_limit;
  while (worker.stats().ended < settings_.jobs) {
    if (steady_clock::now() > until) {
      return error(errc::timeout,
                   fmt::format("{} of {} jobs ended within {} s", worker.stats().ended,
                               settings_.jobs, phase_limit.count()));
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
  return {};
}

result<double> queue_bench::process(const std::string& queue) {
  auto worker = make_worker(queue);
  const auto begun = steady_clock::now();
  if (auto ok = worker->start(); !ok) return ok.error();
  if (auto ok = wait_ended(*worker); !ok) return ok.error();
  const double took = seconds_since(begun);
  worker->stop();
  return static_cast<double>(settings_.jobs) / took;
}

result<double> queue_bench::lifecycle(const std::string& queue) {
  auto worker = make_worker(queue);
  if (auto ok = worker->start(); !ok) return ok.error();
  const auto begun = steady_clock::now();
  if (auto added = add(queue, settings_.add_batch, adds_in_flight); !added) return added.error();
  if (auto ok = wait_ended(*worker); !ok) return ok.error();
  const double took = seconds_since(begun);
  worker->stop();
  return static_cast<double>(settings_.jobs) / took;
}

result<std::vector<double>> queue_bench::latencies(const std::string& queue) {
  struct seen {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t completed = 0;
    steady_clock::time_point at;
  };
  auto state = std::make_shared<seen>();
  auto listening = stack_.queue().subscribe([state, queue](const queue::job_event& event) {
    if (event.type != queue::event_type::completed || event.queue != queue) return;
    const auto now = steady_clock::now();
    {
      const std::lock_guard lock(state->mutex);
      ++state->completed;
      state->at = now;
    }
    state->changed.notify_one();
  });
  auto worker = make_worker(queue);
  if (auto ok = worker->start(); !ok) return ok.error();
  std::vector<double> took;
  const std::size_t jobs = std::exchange(settings_.jobs, 1);
  for (std::size_t i = 1; i <= settings_.latency_samples; ++i) {
    const auto begun = steady_clock::now();
    if (auto added = add(queue, 1, 1); !added) return added.error();
    std::unique_lock lock(state->mutex);
    const auto arrived = [&] { return state->completed >= i; };
    if (!state->changed.wait_for(lock, seconds(10), arrived)) {
      return error(errc::timeout, "a job did not end within 10 s");
    }
    took.push_back(duration<double, std::milli>(state->at - begun).count());
  }
  settings_.jobs = jobs;
  worker->stop();
  std::sort(took.begin(), took.end());
  return took;
}

std::optional<double> queue_bench::server_us() {
  if (!server_cpu_us_) return std::nullopt;
  const auto now = server_cpu_us_();
  if (!now) return std::nullopt;
  const double used = *now - std::exchange(server_seen_us_, *now);
  return used / static_cast<double>(settings_.jobs);
}

result<void> check(const queue_bench_settings& s) {
  struct row {
    const char* field;
    std::size_t value, low, high;
  };
  const row rows[] = {
      {"jobs", s.jobs, 1, 10'000'000},       {"concurrency", s.concurrency, 1, 10'000},
      {"progress", s.progress, 0, 100},      {"payload_bytes", s.payload_bytes, 0, 100'000},
      {"add_batch", s.add_batch, 1, 10'000}, {"latency_samples", s.latency_samples, 1, 100'000},
      {"waiting", s.waiting, 0, 9'000'000},  {"clean", s.clean, 0, 9'000'000}};
  for (const row& r : rows) {
    if (r.value >= r.low && r.value <= r.high) continue;
    return error(errc::validation, r.field,
                 {fmt::format("must be between {} and {}", r.low, r.high),
                  fmt::format("debe estar entre {} y {}", r.low, r.high)});
  }
  return {};
}

}  // namespace

std::string bench_data(const queue_bench_settings& settings) {
  std::string data = "{";
  if (settings.progress > 0) data += fmt::format("\"progressSteps\":{}", settings.progress);
  if (settings.payload_bytes > 0) {
    data += fmt::format("{}\"result\":\"{}\"", data.size() > 1 ? "," : "",
                        std::string(settings.payload_bytes, 'x'));
  }
  return data + "}";
}

result<boost::json::object> run_queue_bench(queue_bench_settings settings,
                                            std::shared_ptr<queue::job_kind> kind,
                                            const open_bench_backend& open) {
  if (auto ok = check(settings); !ok) return ok.error();
  if (settings.waiting > 0) return run_waiting_bench(settings, open);
  if (settings.clean > 0) return run_clean_bench(settings, open);
  auto folder = bench_folder::make(settings.data_dir);
  if (!folder) return folder.error();
  auto backend = open((*folder)->path, settings.history);
  if (!backend) return backend.error();
  const auto backend_name = backend->name;
  queue_bench bench(settings, std::move(kind), std::move(*backend));

  auto latencies = bench.latencies("bench-idle");
  if (!latencies) return latencies.error();
  bench.server_us();
  auto add = bench.add("bench-add", 1, settings.concurrency);
  if (!add) return add.error();
  const auto of_add = bench.server_us();
  auto add_many = bench.add("bench-process", settings.add_batch, adds_in_flight);
  if (!add_many) return add_many.error();
  const auto of_add_many = bench.server_us();
  auto process = bench.process("bench-process");
  if (!process) return process.error();
  const auto of_process = bench.server_us();
  auto lifecycle = bench.lifecycle("bench-life");
  if (!lifecycle) return lifecycle.error();

  boost::json::object figures;
  figures["backend"] = backend_name;
  figures["jobs"] = settings.jobs;
  figures["concurrency"] = settings.concurrency;
  figures["add_per_s"] = *add;
  figures["add_many_per_s"] = *add_many;
  figures["process_per_s"] = *process;
  figures["lifecycle_per_s"] = *lifecycle;
  figures["latency_ms_p50"] = at_share(*latencies, 0.50);
  figures["latency_ms_p99"] = at_share(*latencies, 0.99);
  if (of_add && of_add_many && of_process) {
    figures["server_us_per_add"] = *of_add;
    figures["server_us_per_add_many"] = *of_add_many;
    figures["server_us_per_process"] = *of_process;
  }
  figures["history"] = settings.history;
  figures["fsync"] = backend_name == "embedded";  // a server is as durable as it is set to be
  figures["rss_mib"] = resident_mib();
  figures["machine"] = machine_facts((*folder)->path);
  return figures;
}

}  // namespace son1k::ops
