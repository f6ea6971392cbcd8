#include "ops/bench_clean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "base/spawn.hpp"
#include "ops/bench_parts.hpp"
#include "ops/machine_facts.hpp"

namespace son1k::ops {
namespace asio = boost::asio;
using namespace std::chrono;

namespace {

constexpr const char* queue_name = "bench-clean";
constexpr const char* lane_name = "bench-lane";
constexpr std::size_t lanes = 4;
constexpr std::size_t claim_batch = 1'000;
constexpr seconds quiet_time{5};
constexpr seconds cleaning_time_max{600};

enum call { adding, claiming, finishing, calls };
constexpr std::array<const char*, calls> call_names{"add", "claim", "finish"};
using samples = std::array<std::vector<double>, calls>;

queue::job_spec model_of(const queue_bench_settings& settings) {
  queue::job_spec model;
  model.queue = queue_name;
  model.kind = "probe";
  model.data = bench_data(settings);
  return model;
}

queue::claim_request some_jobs(std::size_t max, std::int64_t wait_ms) {
  queue::claim_request request;
  request.queue = queue_name;
  request.worker = lane_name;
  request.max = max;
  request.wait_ms = wait_ms;
  return request;
}

std::vector<queue::finish_request> completed(std::vector<queue::claimed_job> jobs) {
  std::vector<queue::finish_request> ends(jobs.size());
  for (std::size_t n = 0; n < jobs.size(); ++n) {
    ends[n].held = std::move(jobs[n].held);
    ends[n].how = queue::outcome::complete("null");
  }
  return ends;
}

// Callers that work on the queue one job at a time; all on the thread that calls run().
class lane_work {
 public:
  lane_work(queue::queue_port& queue, const queue::job_spec& model)
      : queue_(queue), model_(model) {}

  // Works until `over` says so; the samples are sorted.
  result<samples> run(std::function<bool()> over) {
    asio::io_context loop(1);
    over_ = std::move(over);
    for (std::size_t n = 0; n < lanes; ++n) spawn(loop.get_executor(), "bench.lane", lane());
    loop.run();
    for (auto& taken : seen_) std::sort(taken.begin(), taken.end());
    if (!verdict_) return verdict_.error();
    return std::exchange(seen_, {});
  }

 private:
  asio::awaitable<void> lane();
  void note(call which, steady_clock::time_point begun) {
    seen_[which].push_back(seconds_since(begun) * 1'000);
  }

  queue::queue_port& queue_;
  const queue::job_spec& model_;
  std::function<bool()> over_;
  samples seen_;
  result<void> verdict_;
};

asio::awaitable<void> lane_work::lane() {
  while (verdict_ && !over_()) {
    std::vector<queue::job_spec> one(1, model_);
    auto begun = steady_clock::now();
    auto added = co_await queue_.add(std::move(one));
    note(adding, begun);
    if (!added) verdict_ = added.error();
    if (!added) co_return;
    begun = steady_clock::now();
    auto request = some_jobs(1, 1'000);
    auto claimed = co_await queue_.claim(std::move(request));
    note(claiming, begun);
    if (!claimed) verdict_ = claimed.error();
    if (!claimed) co_return;
    auto ends = completed(std::move(*claimed));
    begun = steady_clock::now();
    const auto replies = co_await queue_.finish(std::move(ends));
    note(finishing, begun);
    for (const auto& reply : replies) {
      if (!reply) verdict_ = reply.error();
    }
  }
}

asio::awaitable<result<void>> complete_all(queue::queue_port& queue) {
  for (;;) {
    auto request = some_jobs(claim_batch, 0);
    auto claimed = co_await queue.claim(std::move(request));
    if (!claimed) co_return claimed.error();
    if (claimed->empty()) co_return result<void>{};
    auto ends = completed(std::move(*claimed));
    const auto replies = co_await queue.finish(std::move(ends));
    for (const auto& reply : replies) {
      if (!reply) co_return reply.error();
    }
  }
}

result<void> fill(queue::queue_port& queue, const queue_bench_settings& settings) {
  queue::job_spec model = model_of(settings);
  model.options.keep_completed = {86'400'000, static_cast<std::int64_t>(settings.clean)};
  const crowd half{settings.clean / 2, settings.add_batch, adds_in_flight};
  if (auto ok = add_crowd(queue, model, half); !ok) return ok;
  asio::io_context loop(1);
  auto ended = asio::co_spawn(loop, complete_all(queue), asio::use_future);
  loop.run();
  if (auto ok = ended.get(); !ok) return ok;
  model.options.delay_ms = 86'400'000;
  const crowd rest{settings.clean - half.jobs, settings.add_batch, adds_in_flight};
  return add_crowd(queue, model, rest);
}

// Cleans on a thread of its own; `done` is set at its end.
class cleaning {
 public:
  explicit cleaning(queue::queue_port& queue) {
    queue::clean_request request;
    request.queue = queue_name;
    request.states = {queue::job_state::delayed, queue::job_state::completed};
    cleaned_ = asio::co_spawn(loop_, queue.clean(std::move(request)), asio::use_future);
    thread_ = std::thread([this] {
      loop_.run();
      done = true;
    });
  }
  ~cleaning() {
    if (thread_.joinable()) thread_.join();
  }
  result<std::size_t> wait() {
    thread_.join();
    return cleaned_.get();
  }
  std::atomic<bool> done{false};

 private:
  asio::io_context loop_{1};
  std::future<result<std::size_t>> cleaned_;
  std::thread thread_;
};

double put(boost::json::object& figures, const samples& quiet, const samples& busy) {
  double worst = 0;
  for (std::size_t n = 0; n < calls; ++n) {
    const std::string head = fmt::format("{}_ms_", call_names[n]);
    figures[head + "p50_quiet"] = at_share(quiet[n], 0.50);
    figures[head + "p99_quiet"] = at_share(quiet[n], 0.99);
    figures[head + "p50_cleaning"] = at_share(busy[n], 0.50);
    figures[head + "p99_cleaning"] = at_share(busy[n], 0.99);
    figures[head + "max_cleaning"] = at_share(busy[n], 1.0);
    const double before = at_share(quiet[n], 0.99);
    if (before > 0) worst = std::max(worst, at_share(busy[n], 0.99) / before);
  }
  return worst;
}

}  // namespace

result<boost::json::object> run_clean_bench(const queue_bench_settings& settings,
                                            const open_bench_backend& open) {
  auto folder = bench_folder::make(settings.data_dir);
  if (!folder) return folder.error();
  auto backend = open((*folder)->path, settings.history);
  if (!backend) return backend.error();
  boost::json::object figures;
  figures["backend"] = backend->name;
  figures["jobs"] = settings.clean;
  bench_stack stack(std::move(*backend));
  if (auto ok = fill(stack.queue(), settings); !ok) return ok.error();

  queue::job_spec model = model_of(settings);
  model.options.keep_completed = {0, 0};
  lane_work work(stack.queue(), model);
  const auto quiet_until = steady_clock::now() + quiet_time;
  auto quiet = work.run([&] { return steady_clock::now() >= quiet_until; });
  if (!quiet) return quiet.error();
  const auto begun = steady_clock::now();
  cleaning run(stack.queue());
  auto busy =
      work.run([&] { return run.done.load() || steady_clock::now() > begun + cleaning_time_max; });
  const auto cleaned = run.wait();
  if (!busy) return busy.error();
  if (!cleaned) return cleaned.error();
  figures["clean_s"] = seconds_since(begun);
  if (*cleaned < settings.clean) {
    return error(errc::internal, fmt::format("only {} jobs were cleaned", *cleaned));
  }
  figures["p99_ratio"] = put(figures, *quiet, *busy);
  figures["history"] = settings.history;
  figures["fsync"] = true;
  figures["machine"] = machine_facts((*folder)->path);
  return figures;
}

}  // namespace son1k::ops
