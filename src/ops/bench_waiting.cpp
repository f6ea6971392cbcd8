#include "ops/bench_waiting.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

#include "ops/bench_parts.hpp"
#include "ops/machine_facts.hpp"

namespace son1k::ops {
namespace asio = boost::asio;
using namespace std::chrono;

namespace {

constexpr std::size_t warm_jobs = 50'000;
constexpr double mib = 1'048'576.0;

// Buffers of the last commits are given back to the system over some seconds: the least of what is
// seen until it no longer falls.
double settled_rss_bytes() {
  double least = resident_mib();
  for (int unchanged = 0, looks = 0; unchanged < 6 && looks < 60; ++looks) {
    std::this_thread::sleep_for(milliseconds(500));
    const double now = resident_mib();
    unchanged = now < least - 0.5 ? 0 : unchanged + 1;
    least = std::min(least, now);
  }
  return least * mib;
}

double bytes_below(const std::filesystem::path& folder) {
  double bytes = 0;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
    if (const auto size = entry.file_size(ec); !ec) bytes += static_cast<double>(size);
  }
  return bytes;
}

result<void> pause(queue::queue_port& queue, const std::string& name) {
  asio::io_context loop(1);
  auto paused = asio::co_spawn(loop, queue.pause(name, true), asio::use_future);
  loop.run();
  return paused.get();
}

}  // namespace

result<boost::json::object> run_waiting_bench(const queue_bench_settings& settings,
                                              const open_bench_backend& open) {
  auto folder = bench_folder::make(settings.data_dir);
  if (!folder) return folder.error();
  boost::json::object figures;
  const auto jobs = static_cast<double>(settings.waiting);
  const double before_open = resident_mib() * mib;
  {
    auto backend = open((*folder)->path, settings.history);
    if (!backend) return backend.error();
    figures["backend"] = backend->name;
    bench_stack stack(std::move(*backend));
    if (auto ok = pause(stack.queue(), "bench-waiting"); !ok) return ok.error();
    queue::job_spec model;
    model.queue = "bench-waiting";
    model.kind = "probe";
    model.data = bench_data(settings);
    const crowd warm{warm_jobs, settings.add_batch, adds_in_flight};
    if (auto ok = add_crowd(stack.queue(), model, warm); !ok) return ok.error();
    const double rss_before = settled_rss_bytes();
    const double file_before = bytes_below((*folder)->path);
    const auto begun = steady_clock::now();
    const crowd all{settings.waiting, settings.add_batch, adds_in_flight};
    if (auto ok = add_crowd(stack.queue(), model, all); !ok) return ok.error();
    figures["jobs"] = settings.waiting;
    figures["payload_bytes"] = settings.payload_bytes;
    figures["add_many_per_s"] = jobs / seconds_since(begun);
    figures["rss_bytes_per_job"] = (settled_rss_bytes() - rss_before) / jobs;
    figures["file_bytes_per_job"] = (bytes_below((*folder)->path) - file_before) / jobs;
  }
  const auto begun = steady_clock::now();
  auto backend = open((*folder)->path, settings.history);
  if (!backend) return backend.error();
  bench_stack stack(std::move(*backend));
  const auto counted = stack.queue().counts("bench-waiting");
  if (!counted) return counted.error();
  figures["reopen_s"] = seconds_since(begun);
  if (counted->waiting != static_cast<std::int64_t>(settings.waiting + warm_jobs)) {
    return error(errc::internal, std::to_string(counted->waiting) + " jobs came back");
  }
  figures["rss_mib"] = settled_rss_bytes() / mib;
  figures["rss_mib_at_start"] = before_open / mib;
  figures["history"] = settings.history;
  figures["fsync"] = true;
  figures["machine"] = machine_facts((*folder)->path);
  return figures;
}

}  // namespace son1k::ops
