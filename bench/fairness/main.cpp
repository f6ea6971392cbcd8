// How the embedded queue shares one worker between unequal callers: two stories told to the real
// queue under a clock of our own, so that an hour takes seconds and every run tells the same.
// Prints JSON lines, one an ended job: {"story","who","added_s","started_s"}; a job that never
// started has no "started_s". bench/fairness/plot.py draws them.
//   bench_fairness [folder]
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "queue/embedded/embedded_queue.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace {

namespace asio = boost::asio;
using namespace son1k;

constexpr std::int64_t service_ms = 1'000;  // the one worker runs a job a second
constexpr std::int64_t second = 1'000;

class story_clock final : public clock_port {
 public:
  std::int64_t now_ms() const override { return start + passed; }
  std::int64_t steady_ms() const override { return passed; }
  static constexpr std::int64_t start = 1'700'000'000'000;
  std::atomic<std::int64_t> passed{0};
};

[[noreturn]] void give_up(const error& why) {
  std::fprintf(stderr, "bench_fairness: %s\n", why.what().c_str());
  std::exit(1);
}

template <class T>
T need(result<T> got) {
  if (!got) give_up(got.error());
  if constexpr (!std::is_void_v<T>) return std::move(*got);
}

struct caller {
  std::string who;
  std::int32_t priority;
  std::string group;
};

struct record {
  std::string who;
  std::int64_t added_ms = 0;
  std::int64_t started_ms = -1;
};

class storyteller {
 public:
  storyteller(queue::queue_port& queue, story_clock& clock, std::string story)
      : queue_(queue), clock_(clock), story_(std::move(story)), begun_(clock.passed) {}

  std::int64_t now() const { return clock_.passed - begun_; }

  void set_limits(queue::queue_limits limits) { need(run(queue_.set_limits(story_, limits))); }

  void add(const caller& from, std::size_t jobs = 1) {
    std::vector<queue::job_spec> specs(jobs);
    for (auto& spec : specs) {
      spec.queue = story_;
      spec.kind = "probe";
      spec.options.priority = from.priority;
      spec.options.group = from.group;
    }
    for (auto& added : need(run(queue_.add(std::move(specs))))) {
      records_[added.id] = {from.who, now(), -1};
      ++waiting_[from.who];
    }
  }
  std::int64_t waiting(const std::string& who) { return waiting_[who]; }

  // Runs the next job, or lets a second pass.
  void work() {
    queue::claim_request request;
    request.queue = story_;
    request.worker = "the one";
    auto jobs = need(run(queue_.claim(std::move(request))));
    if (!jobs.empty()) {
      record& r = records_[jobs[0].held.id];
      r.started_ms = now();
      --waiting_[r.who];
    }
    clock_.passed += service_ms;
    if (jobs.empty()) return;
    std::vector<queue::finish_request> ends(1);
    ends[0].held = std::move(jobs[0].held);
    ends[0].how = queue::outcome::complete("null");
    for (auto& reply : run(queue_.finish(std::move(ends)))) need(std::move(reply));
  }

  void print() const {
    for (const auto& [id, r] : records_) {
      std::printf("{\"story\":\"%s\",\"who\":\"%s\",\"added_s\":%g", story_.c_str(), r.who.c_str(),
                  static_cast<double>(r.added_ms) / 1'000);
      if (r.started_ms >= 0) {
        std::printf(",\"started_s\":%g", static_cast<double>(r.started_ms) / 1'000);
      }
      std::printf("}\n");
    }
  }

 private:
  template <class T>
  T run(asio::awaitable<T> call) {
    asio::io_context loop(1);
    auto done = asio::co_spawn(loop, std::move(call), asio::use_future);
    loop.run();
    return done.get();
  }

  queue::queue_port& queue_;
  story_clock& clock_;
  const std::string story_;
  const std::int64_t begun_;
  std::map<std::string, record> records_;  // by job id
  std::map<std::string, std::int64_t> waiting_;
};

// Ten PRO jobs always wait: without ageing nobody behind them would ever run.
void tell_tiers(storyteller& teller, bool ageing) {
  const caller enterprise{"ENTERPRISE", 1, ""}, pro{"PRO", 10, ""}, free_tier{"FREE", 20, ""};
  if (!ageing) {
    queue::queue_limits limits;
    limits.ageing_ms = 0;
    teller.set_limits(limits);
  }
  while (teller.now() < 3'600 * second) {
    while (teller.waiting("PRO") < 10) teller.add(pro);
    if (teller.now() % (20 * second) == 0) teller.add(free_tier);
    if (teller.now() % (45 * second) == 0) teller.add(enterprise);
    teller.work();
  }
  teller.print();
}

// One tenant brings 600 jobs at once; another brings 100 a minute later.
void tell_tenants(storyteller& teller, bool groups) {
  const caller large{"large", 0, groups ? "large" : ""}, small{"small", 0, groups ? "small" : ""};
  teller.add(large, 600);
  for (bool came = false; !came || teller.waiting("large") + teller.waiting("small") > 0;) {
    if (!came && teller.now() >= 60 * second) {
      teller.add(small, 100);
      came = true;
    }
    teller.work();
  }
  teller.print();
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "bench-fairness-data";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  store::sqlite_settings settings;
  settings.file = folder / "queue.db";
  auto db = need(store::open_sqlite(settings));
  need(db->migrate());
  {
    story_clock clock;
    auto queue = queue::make_embedded_queue(*db, {}, clock);
    for (const bool fair : {true, false}) {
      storyteller tiers(*queue, clock, fair ? "tiers" : "tiers-no-ageing");
      tell_tiers(tiers, fair);
      storyteller tenants(*queue, clock, fair ? "tenants" : "tenants-one-group");
      tell_tenants(tenants, fair);
    }
  }
  db->stop();
  std::filesystem::remove_all(folder);
  return 0;
}
