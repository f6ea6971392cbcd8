// Figures that a monitor scrapes: atomics where they arise, gathered by sources when somebody asks,
// written in the Prometheus text format. Recording never locks and never allocates. Thread-safe.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace son1k::metrics {

// Upper bounds in seconds, from a millisecond to an hour: jobs and their waits.
inline constexpr std::array<double, 18> job_seconds{
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3'600};
// From 50 µs to ten seconds: requests.
inline constexpr std::array<double, 14> request_seconds{
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10};

struct histogram_values {
  std::span<const double> bounds;
  std::vector<std::uint64_t> counts;  // of each bucket alone; one more than bounds
  double sum = 0.0;
  std::uint64_t count() const;
  // By linear interpolation within the bucket; 0 without observations.
  double quantile(double q) const;
};

class histogram {
 public:
  static constexpr std::size_t buckets_max = 20;
  // `bounds` are ascending, fewer than buckets_max, and outlive the histogram.
  explicit histogram(std::span<const double> bounds) : bounds_(bounds) {}
  void observe(double seconds);
  histogram_values values() const;

 private:
  const std::span<const double> bounds_;
  std::array<std::atomic<std::uint64_t>, buckets_max> counts_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

using tally = std::atomic<std::uint64_t>;

enum class family_type : std::uint8_t { counter, gauge, histogram };
using label_list = std::vector<std::pair<std::string, std::string>>;

struct sample {
  label_list labels;
  double value = 0.0;
  histogram_values distribution;  // of a histogram, in place of `value`
};
struct family {
  std::string name;
  std::string help;
  family_type type = family_type::gauge;
  std::vector<sample> samples;

  void add(label_list labels, double value) { samples.push_back({std::move(labels), value, {}}); }
  void add(label_list labels, const histogram& h) {
    samples.push_back({std::move(labels), 0.0, h.values()});
  }
};

// Where families come from. A source is called on the thread that asks for the text.
class registry {
 public:
  using source = std::function<void(std::vector<family>&)>;
  void add(source more);
  std::string text() const;  // families without samples are left out

 private:
  mutable std::mutex lock_;
  std::vector<source> sources_;
};

std::string to_text(std::span<const family> families);

// A family of one figure without labels.
void add_figure(std::vector<family>& out, const char* name, const char* help, family_type type,
                double value);
// Memory, processor time, open files and start of this process, as Prometheus names them.
void add_process_figures(std::vector<family>& out);

}  // namespace son1k::metrics
