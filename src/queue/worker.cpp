#include "queue/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <future>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "queue/compute_pool.hpp"
#include "queue/worker_beat.hpp"
#include "queue/worker_loop.hpp"
#include "queue/worker_watch.hpp"

namespace son1k::queue {
namespace asio = boost::asio;

namespace {

using std::chrono::steady_clock;

constexpr std::int64_t poll_ms = 20;
constexpr std::int64_t last_word_ms = 250;      // for runs that heed their stop token at shutdown
constexpr std::int64_t record_ms_max = 10'000;  // for the last ends to reach the disk

std::string default_name() {
  static std::atomic<int> number{0};
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {"localhost"};
  return fmt::format("{}:{}:{}", host.data(), getpid(), ++number);
}

result<void> is_between(const char* field, std::int64_t v, std::int64_t low, std::int64_t high) {
  if (v >= low && v <= high) return {};
  return error(errc::validation, field,
               {fmt::format("must be between {} and {}", low, high),
                fmt::format("debe estar entre {} y {}", low, high)});
}

result<void> check(const worker_settings& s, const std::vector<std::shared_ptr<job_kind>>& kinds) {
  if (s.queues.empty()) {
    return error(errc::validation, "queues",
                 {"name at least one queue", "indique al menos una cola"});
  }
  std::set<std::string_view> queues(s.queues.begin(), s.queues.end());
  if (queues.size() != s.queues.size()) {
    return error(errc::validation, "queues", {"a queue is named twice", "una cola se repite"});
  }
  std::set<std::string_view> names;
  for (const auto& kind : kinds) {
    if (!names.insert(kind->name()).second) {
      return error(errc::validation, "kinds",
                   fmt::format("the kind \"{}\" is registered twice", kind->name()));
    }
  }
  struct row {
    const char* field;
    std::int64_t value, low, high;
  };
  constexpr std::int64_t day_ms = 86'400'000;
  const rate_limit limit = s.limiter.value_or(rate_limit{});
  const std::array rows{
      row{"concurrency", static_cast<std::int64_t>(s.concurrency), 1, 10'000},
      row{"limiter.max", limit.max, 1, rate_limit_max},
      row{"limiter.per_ms", limit.per_ms, 1, day_ms},
      row{"lease_ms", s.lease_ms, 10, day_ms},
      row{"drain_grace_ms", s.drain_grace_ms, 0, day_ms},
      row{"stop_grace_ms", s.stop_grace_ms, 1, day_ms},
      row{"cancel_poll_ms", s.cancel_poll_ms, 1, 1'000},
      row{"recover_every_ms", s.recover_every_ms, 1, day_ms},
      row{"compute_threads", static_cast<std::int64_t>(s.compute_threads), 0, 1'024},
      row{"claim_ahead_ms", s.claim_ahead_ms, 0, 1'000},
      row{"beat_every_ms", s.beat_every_ms, 1, worker_silence_ms / 3},
      row{"claim_ahead_max", static_cast<std::int64_t>(s.claim_ahead_max), 0, 65'536},
  };
  for (const row& r : rows) {
    if (auto ok = is_between(r.field, r.value, r.low, r.high); !ok) return ok;
  }
  return {};
}

}  // namespace

// Kept alive until the program ends if a run does not end at stop(): its coroutine or its piece of
// computing may still reach into what is here.
struct worker::state {
  state(queue_port& q, store::database& db, std::vector<std::shared_ptr<job_kind>> k,
        worker_settings s, const clock_port& c)
      : queue(q), database(db), kinds(std::move(k)), settings(std::move(s)), clock(c) {}

  queue_port& queue;
  store::database& database;
  std::vector<std::shared_ptr<job_kind>> kinds;
  worker_settings settings;
  const clock_port& clock;

  asio::io_context context{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard;
  std::unique_ptr<compute_pool> compute;
  std::unique_ptr<worker_watch> watch;
  std::unique_ptr<worker_loop> loop;
  std::unique_ptr<worker_beat> beat;
  std::thread thread;
  std::future<void> thread_ended;

  std::mutex mutex;
  std::condition_variable changed;
  bool started = false;
  bool stopping = false;
  bool stopped = false;
  steady_clock::time_point deadline = steady_clock::time_point::max();

  void launch(std::function<void()> asked_to_drain);
  bool drain();
  bool drained_within_grace();
  bool end_threads(bool all_ended);
};

void worker::state::launch(std::function<void()> asked_to_drain) {
  guard.emplace(context.get_executor());
  compute = std::make_unique<compute_pool>(settings.compute_threads);
  watch_settings watched{settings.queues, settings.lease_ms, settings.cancel_poll_ms,
                         settings.stop_grace_ms, settings.beat_every_ms};
  watch = std::make_unique<worker_watch>(
      queue, std::move(watched),
      [this](std::shared_ptr<job_run> run) { loop->abandon(std::move(run)); },
      [this] { beat->tell(); });
  const run_world world{queue, database, *compute};
  loop = std::make_unique<worker_loop>(context, world, *watch, settings, kinds, clock);
  beat = std::make_unique<worker_beat>(queue, settings, clock, *loop, std::move(asked_to_drain));
  loop->begin();
  std::promise<void> ended;
  thread_ended = ended.get_future();
  thread = std::thread([this, promise = std::move(ended)]() mutable {
    name_thread("worker-loop");
    for (;;) {
      // A handler must not throw; if one does the worker goes on and says so.
      try {
        context.run();
        break;
      } catch (const std::exception& e) {
        log::error("worker.loop_escaped", {{"what", e.what()}});
      }
    }
    promise.set_value();
  });
  watch->start();
}

bool worker::state::drained_within_grace() {
  const auto idle = [](const worker_loop::snapshot& s) {
    return s.running == 0 && s.pending == 0 && s.claims == 0;
  };
  for (;;) {
    queue.end_waits(settings.name);
    if (loop->wait_drained(poll_ms, idle)) return true;
    const std::lock_guard lock(mutex);
    if (steady_clock::now() >= deadline) return false;
  }
}

// False: something of this worker goes on, its state must be kept.
bool worker::state::drain() {
  beat->drains();
  loop->drain();
  if (!drained_within_grace()) {
    watch->stop_all(stop_reason::shutting_down);
    const auto none_runs = [](const worker_loop::snapshot& s) { return s.running == 0; };
    loop->wait_drained(last_word_ms, none_runs);
    loop->hand_back();
  }
  const auto recorded = [](const worker_loop::snapshot& s) {
    return s.running == 0 && s.pending == 0 && s.claims == 0;
  };
  for (std::int64_t waited = 0; waited < record_ms_max; waited += poll_ms) {
    queue.end_waits(settings.name);
    if (loop->wait_drained(poll_ms, recorded)) break;
  }
  loop->give_up();
  const auto empty = [](const worker_loop::snapshot& s) { return s.live == 0; };
  const bool all_ended = loop->wait_drained(settings.stop_grace_ms, empty);
  watch->stop();
  queue.leave(settings.name);
  if (end_threads(all_ended)) return true;
  log::error("worker.runs_left_behind",
             {{"worker", settings.name}, {"abandoned", loop->stats().abandoned}});
  return false;
}

bool worker::state::end_threads(bool all_ended) {
  guard.reset();
  context.stop();
  const auto grace = std::chrono::milliseconds(all_ended ? record_ms_max : poll_ms);
  const bool loop_ended = thread_ended.wait_for(grace) == std::future_status::ready;
  if (loop_ended) {
    thread.join();
  } else {
    thread.detach();
  }
  return compute->stop_within(all_ended ? record_ms_max : poll_ms) && loop_ended && all_ended;
}

worker::worker(queue_port& queue, store::database& db, std::vector<std::shared_ptr<job_kind>> kinds,
               worker_settings settings, const clock_port& clock)
    : state_(std::make_shared<state>(queue, db, std::move(kinds), std::move(settings), clock)) {
  if (state_->settings.name.empty()) state_->settings.name = default_name();
}

worker::~worker() {
  stop();
  if (ordered_drain_.joinable()) ordered_drain_.join();
}

result<void> worker::start() {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopping) return error(errc::conflict, "the worker has been stopped");
  if (state_->started) return {};
  if (auto ok = check(state_->settings, state_->kinds); !ok) return ok;
  state_->started = true;
  // Not on the watch thread, which asks: the drain waits for its end.
  state_->launch([this] { ordered_drain_ = std::thread([this] { stop(); }); });
  return {};
}

void worker::stop() {
  stop_within(std::numeric_limits<std::int64_t>::max());
}

void worker::stop_within(std::int64_t grace_ms) {
  state& s = *state_;
  std::unique_lock lock(s.mutex);
  const std::int64_t grace = std::clamp<std::int64_t>(grace_ms, 0, s.settings.drain_grace_ms);
  s.deadline = std::min(s.deadline, steady_clock::now() + std::chrono::milliseconds(grace));
  if (s.stopping) {
    s.changed.wait(lock, [&s] { return s.stopped; });
    return;
  }
  s.stopping = true;
  if (s.started) {
    lock.unlock();
    const bool all_ended = s.drain();
    lock.lock();
    if (!all_ended) {
      // Never destroyed, on purpose: see the note at `state`.
      static auto* const left_behind = new std::vector<std::shared_ptr<state>>;
      left_behind->push_back(state_);
    }
  }
  s.stopped = true;
  s.changed.notify_all();
}

bool worker::running() const {
  const std::lock_guard lock(state_->mutex);
  return state_->started && !state_->stopped;
}

worker_stats worker::stats() const {
  const std::lock_guard lock(state_->mutex);
  return state_->loop ? state_->loop->stats() : worker_stats{};
}

const std::string& worker::name() const {
  return state_->settings.name;
}

}  // namespace son1k::queue
