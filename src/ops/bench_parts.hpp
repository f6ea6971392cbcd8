// What the queue's benchmarks share: their folder, a crowd of jobs, a loop on a thread, shares of
// sorted samples.
#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "ops/bench_queue.hpp"

namespace son1k::ops {

// A new folder below `parent` (empty: the system's temporary one), removed with all it holds.
class bench_folder {
 public:
  static result<std::unique_ptr<bench_folder>> make(std::filesystem::path parent);
  ~bench_folder();
  bench_folder(const bench_folder&) = delete;
  bench_folder& operator=(const bench_folder&) = delete;
  const std::filesystem::path path;

 private:
  explicit bench_folder(std::string made) : path(std::move(made)) {}
};

inline constexpr std::size_t adds_in_flight = 4;  // of many jobs each

struct crowd {
  std::size_t jobs = 1;
  std::size_t batch = 1;      // jobs a call
  std::size_t in_flight = 1;  // calls at once
};
// Adds copies of `model`, blocking until all are durable. The first failure ends it.
result<void> add_crowd(queue::queue_port& queue, const queue::job_spec& model, crowd size);

// Stops what it holds: the history, the queue, the database.
class bench_stack {
 public:
  explicit bench_stack(bench_backend backend) : backend_(std::move(backend)) {}
  ~bench_stack();
  bench_stack(const bench_stack&) = delete;
  bench_stack& operator=(const bench_stack&) = delete;
  store::database& database() { return *backend_.database; }
  queue::queue_port& queue() { return *backend_.queue; }

 private:
  bench_backend backend_;
};

inline double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

// The sample below which `share` of the sorted ones are; 0 of none.
double at_share(const std::vector<double>& sorted, double share);

}  // namespace son1k::ops
