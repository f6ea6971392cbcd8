#include "base/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>

namespace son1k::metrics {
namespace {

prometheus::MetricType type_of(family_type type) {
  switch (type) {
    case family_type::counter:
      return prometheus::MetricType::Counter;
    case family_type::histogram:
      return prometheus::MetricType::Histogram;
    case family_type::gauge:
      break;
  }
  return prometheus::MetricType::Gauge;
}

prometheus::ClientMetric::Histogram as_cumulative(const histogram_values& v) {
  prometheus::ClientMetric::Histogram out;
  for (std::size_t n = 0; n < v.counts.size(); ++n) {
    out.sample_count += v.counts[n];
    const double bound =
        n < v.bounds.size() ? v.bounds[n] : std::numeric_limits<double>::infinity();
    out.bucket.push_back({out.sample_count, bound});
  }
  out.sample_sum = v.sum;
  return out;
}

prometheus::ClientMetric to_metric(const sample& from, family_type type) {
  prometheus::ClientMetric out;
  for (const auto& [name, value] : from.labels) out.label.push_back({name, value});
  if (type == family_type::counter) out.counter.value = from.value;
  if (type == family_type::gauge) out.gauge.value = from.value;
  if (type == family_type::histogram) out.histogram = as_cumulative(from.distribution);
  return out;
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

double now_seconds() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

const double loaded_at = now_seconds();

}  // namespace

std::uint64_t histogram_values::count() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

double histogram_values::quantile(double q) const {
  const auto all = static_cast<double>(count());
  if (all == 0.0 || bounds.empty()) return 0.0;
  const double wanted = q * all;
  double below = 0.0;
  for (std::size_t n = 0; n < bounds.size(); ++n) {
    const auto here = static_cast<double>(counts[n]);
    if (here > 0.0 && below + here >= wanted) {
      const double low = n == 0 ? 0.0 : bounds[n - 1];
      return low + (bounds[n] - low) * (wanted - below) / here;
    }
    below += here;
  }
  return bounds.back();
}

void histogram::observe(double seconds) {
  const double shown = std::max(seconds, 0.0);
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), shown) - bounds_.begin();
  counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(static_cast<std::uint64_t>(std::llround(shown * 1e6)),
                    std::memory_order_relaxed);
}

histogram_values histogram::values() const {
  histogram_values out;
  out.bounds = bounds_;
  for (std::size_t n = 0; n <= bounds_.size(); ++n) {
    out.counts.push_back(counts_[n].load(std::memory_order_relaxed));
  }
  out.sum = static_cast<double>(sum_us_.load(std::memory_order_relaxed)) / 1e6;
  return out;
}

void registry::add(source more) {
  const std::scoped_lock hold(lock_);
  sources_.push_back(std::move(more));
}

std::string registry::text() const {
  std::vector<source> sources;
  {
    const std::scoped_lock hold(lock_);
    sources = sources_;
  }
  std::vector<family> families;
  for (const auto& one : sources) one(families);
  return to_text(families);
}

std::string to_text(std::span<const family> families) {
  std::vector<prometheus::MetricFamily> all;
  for (const auto& one : families) {
    if (one.samples.empty()) continue;
    prometheus::MetricFamily row;
    row.name = one.name;
    row.help = one.help;
    row.type = type_of(one.type);
    for (const auto& s : one.samples) row.metric.push_back(to_metric(s, one.type));
    all.push_back(std::move(row));
  }
  return prometheus::TextSerializer().Serialize(all);
}

void add_figure(std::vector<family>& out, const char* name, const char* help, family_type type,
                double value) {
  out.push_back({name, help, type, {}});
  out.back().add({}, value);
}

void add_process_figures(std::vector<family>& out) {
  const auto gauge = [&out](const char* name, const char* help, double v) {
    add_figure(out, name, help, family_type::gauge, v);
  };
  double pages = 0.0, resident = 0.0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
        resident * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  std::error_code ec;
  const std::filesystem::directory_iterator files("/proc/self/fd", ec), none;
  gauge("process_open_fds", "Number of open file descriptors.",
        ec ? 0.0 : static_cast<double>(std::distance(files, none)));
  gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
        loaded_at);
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  add_figure(out, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
             family_type::counter, seconds(used.ru_utime) + seconds(used.ru_stime));
}

}  // namespace son1k::metrics
