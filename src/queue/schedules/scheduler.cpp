#include "queue/schedules/scheduler.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "base/spawn.hpp"
#include "base/thread_name.hpp"
#include "base/uuid.hpp"
#include "queue/schedules/due_runs.hpp"
#include "store/async.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
using asio::awaitable;
namespace {

constexpr std::int64_t retry_ms = 1'000;  // after the database or the queue has refused
constexpr int batches_of_pass = 1'000;

}  // namespace

struct scheduler::state {
  state(store::database& db, queue_port& queue, const clock_port& with_clock,
        scheduler_settings with)
      : database(db),
        clock(with_clock),
        settings(std::move(with)),
        office(db, with_clock, "schedules", uuid_v7(), settings.lease_ms),
        due(db, queue, with_clock, settings.settle) {}

  awaitable<std::int64_t> pass();
  awaitable<bool> run_due();
  awaitable<std::int64_t> until_next();
  awaitable<void> loop();

  store::database& database;
  const clock_port& clock;
  const scheduler_settings settings;
  leader office;
  due_runs due;
  std::int64_t beat_at_ms = 0;  // steady; when the lease is looked at again
  std::atomic<bool> leads{false};
  std::atomic<std::uint64_t> runs{0}, skipped{0}, missed{0}, failed{0}, refused{0};
  std::atomic<std::int64_t> next_at_ms{0};  // when the next run is due, or was; 0: never

  std::mutex mutex;  // of start and stop
  asio::io_context loop_context;
  asio::steady_timer timer{loop_context};
  bool stopping = false;   // on the loop's thread
  bool look_again = true;  // on the loop's thread
  bool stopped = false;
  std::thread thread;
};

// Looks for the lease, or keeps it; the beat of a leader that writes is in its writes as well, but
// one row more every two seconds costs nothing.
awaitable<std::int64_t> scheduler::state::pass() {
  const auto third = settings.lease_ms / 3;
  const auto steady = clock.steady_ms();
  if (steady >= beat_at_ms) {
    const bool led = office.leads();
    auto held = co_await office.beat();
    if (!held) {
      log::warn("schedules.no_lease", {{"reason", held.error().what()}});
      co_return std::min(retry_ms, third);
    }
    beat_at_ms = steady + third;
    leads = *held;
    if (led != *held) log::info("schedules.leader", {{"leads", *held}});
  }
  if (office.leads()) {
    const bool well = co_await run_due();
    leads = office.leads();
    if (!well) co_return std::min(retry_ms, third);
  }
  const auto until_beat = std::max<std::int64_t>(0, beat_at_ms - clock.steady_ms());
  if (!office.leads()) co_return until_beat;
  const auto until_run = co_await until_next();
  co_return std::min(until_beat, until_run);
}

// False: something has to be tried again soon.
awaitable<bool> scheduler::state::run_due() {
  for (int batches = 0; batches < batches_of_pass; ++batches) {
    auto done = co_await due.run(office, settings.batch);
    if (!done) {
      log::warn("schedules.unreadable", {{"reason", done.error().what()}});
      co_return false;
    }
    runs += done->runs;
    skipped += done->skipped;
    missed += done->missed;
    failed += done->failed;
    if (done->lost) {
      ++refused;
      office.lost();
      log::info("schedules.leader", {{"leads", false}});
      co_return true;
    }
    if (done->failed > 0) co_return false;
    if (done->found == 0 || clock.steady_ms() >= beat_at_ms) co_return true;
  }
  co_return true;
}

awaitable<std::int64_t> scheduler::state::until_next() {
  auto work = [](store::connection& db) { return next_due(db); };
  auto at = co_await store::async_read(database, std::move(work));
  if (!at) co_return retry_ms;
  next_at_ms = *at;
  if (*at == 0) co_return settings.lease_ms;
  co_return std::max<std::int64_t>(0, *at - clock.now_ms());
}

awaitable<void> scheduler::state::loop() {
  while (!stopping) {
    look_again = false;
    const auto wait = co_await pass();
    if (stopping || look_again) continue;
    timer.expires_after(std::chrono::milliseconds(wait));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_await office.give_up();
  leads = false;
}

scheduler::scheduler(store::database& db, queue_port& queue, const clock_port& clock,
                     scheduler_settings settings)
    : state_(std::make_shared<state>(db, queue, clock, std::move(settings))) {}

scheduler::~scheduler() {
  stop();
}

void scheduler::start() {
  const std::lock_guard lock(state_->mutex);
  if (state_->thread.joinable() || state_->stopped) return;
  auto* self = state_.get();
  spawn(self->loop_context.get_executor(), "scheduler.loop", self->loop());
  self->thread = std::thread([self] {
    name_thread("scheduler");
    self->loop_context.run();
  });
}

void scheduler::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  if (!state_->thread.joinable()) return;
  asio::post(state_->loop_context, [self = state_.get()] {
    self->stopping = true;
    self->timer.cancel();
  });
  state_->thread.join();
}

void scheduler::wake() {
  asio::post(state_->loop_context, [self = state_.get()] {
    self->look_again = true;
    self->timer.cancel();
  });
}

scheduler_stats scheduler::stats() const {
  scheduler_stats out{state_->leads,  state_->runs,   state_->skipped,
                      state_->missed, state_->failed, state_->refused};
  const auto next = state_->next_at_ms.load();
  if (out.leads && next != 0) {
    out.behind_ms = std::max<std::int64_t>(0, state_->clock.now_ms() - next);
  }
  return out;
}

awaitable<std::int64_t> scheduler::pass() {
  co_return co_await state_->pass();
}

}  // namespace son1k::queue
