#include "queue/worker_loop.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/log.hpp"
#include "base/spawn.hpp"
#include "base/utf8.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t error_bytes_max = 4'096;

outcome escaped(std::string_view what) {
  return outcome::fail({"exception", std::string(what.substr(0, error_bytes_max)), true});
}

void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
  // One writer, the loop: no read-modify-write needed.
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

worker_loop::worker_loop(asio::io_context& context, run_world world, worker_watch& watch,
                         const worker_settings& settings,
                         std::vector<std::shared_ptr<job_kind>> kinds, const clock_port& clock)
    : context_(context),
      world_(world),
      watch_(watch),
      settings_(settings),
      kinds_(std::move(kinds)),
      clock_(clock),
      rides_(world.queue.distant() && settings.queues.size() == 1),
      finish_(
          world.queue, context.get_executor(),
          [this](std::span<const run_ptr> runs, bool ok) { done(runs, ok); }, rider()),
      parked_(context, asio::steady_timer::time_point::max()),
      limiter_timer_(context) {
  for (const auto& kind : kinds_) kind_by_name_.emplace(kind->name(), kind.get());
  if (settings_.limiter) limiter_.emplace(*settings_.limiter);
}

void worker_loop::begin() {
  asio::post(context_, [this] {
    for (std::size_t i = 0; i < settings_.concurrency; ++i) launch_slot();
    for (std::size_t i = 0; i < settings_.queues.size(); ++i) {
      rooms_.push_back(std::make_unique<asio::steady_timer>(context_));
      launch("worker.claim", claim_loop(i), &claims_);
      launch("worker.recover", recover_loop(i));
    }
    launch("worker.tend", tend_loop());
  });
}

void worker_loop::launch(const char* name, asio::awaitable<void> task, std::size_t* counted) {
  ++live_;
  if (counted != nullptr) ++*counted;
  auto ended = [this, counted] {
    --live_;
    if (counted != nullptr) --*counted;
    report();
  };
  spawn(context_.get_executor(), name, std::move(task), std::move(ended));
}

void worker_loop::launch_slot() {
  slots_.emplace_back();
  launch("worker.slot", slot_loop(slots_.size() - 1));
}

asio::awaitable<void> worker_loop::nap(asio::steady_timer& timer, std::int64_t ms) {
  timer.expires_after(milliseconds(ms));
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void worker_loop::wake_slot() {
  // One at a time: a woken slot wakes the next if there is more than it can run at once.
  if (ready_.empty() || parked_count_ == 0 || wake_pending_ || limiter_armed_) return;
  wake_pending_ = true;
  parked_.cancel_one();
}

worker_loop::run_ptr worker_loop::take() {
  // Asked to stop before they began.
  while (!ready_.empty() && ready_.front()->why_stopped() != stop_reason::none) {
    const run_ptr run = std::move(ready_.front());
    ready_.pop_front();
    end_as_decided(run, outcome::release());
  }
  if (ready_.empty()) return {};
  if (limiter_) {
    const std::int64_t now = clock_.steady_ms();
    if (limiter_->take(1, now) == 0) {
      if (!limiter_armed_) {
        limiter_armed_ = true;
        limiter_timer_.expires_after(
            milliseconds(std::max<std::int64_t>(1, limiter_->wait_ms(now))));
        limiter_timer_.async_wait([this](boost::system::error_code) {
          limiter_armed_ = false;
          wake_slot();
        });
      }
      return {};
    }
  }
  run_ptr run = std::move(ready_.front());
  ready_.pop_front();
  run->at = job_run::phase::running;
  running_.store(running_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  bump(started_);
  if (const std::int64_t limit = run->job().options.timeout_ms; limit > 0) {
    watch_.limit(run, limit);
  }
  wake_slot();
  return run;
}

asio::awaitable<void> worker_loop::slot_loop(std::size_t slot_index) {
  for (;;) {
    run_ptr run = take();
    if (!run) {
      if (draining_) co_return;
      ++parked_count_;
      boost::system::error_code ignored;
      co_await parked_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      --parked_count_;
      wake_pending_ = false;
      continue;
    }
    slots_[slot_index] = run;
    outcome said;
    try {
      said = co_await run->kind()->run(*run);
    } catch (const std::exception& e) {
      said = escaped(e.what());
    } catch (...) {
      said = escaped("the run threw something that is not a std::exception");
    }
    slots_[slot_index] = nullptr;
    if (!leave(run, std::move(said))) co_return;
  }
}

void worker_loop::end(run_ptr run, outcome how) {
  run->ending.store(true, std::memory_order_relaxed);
  // An end that the database refuses would never be on record.
  keep_readable(how.error.message);
  finish_.end(std::move(run), std::move(how));
}

void worker_loop::end_as_decided(const run_ptr& run, outcome said) {
  const std::int64_t limit = run->job().options.timeout_ms;
  if (auto how = decide_end(std::move(said), run->why_stopped(), limit)) {
    end(run, std::move(*how));
  } else {
    run->ending.store(true, std::memory_order_relaxed);
    done(std::span(&run, 1), false);
  }
}

bool worker_loop::leave(const run_ptr& run, outcome said) {
  if (run->at == job_run::phase::abandoned) {
    --abandoned_;
    abandoned_seen_.store(abandoned_, std::memory_order_relaxed);
    log::warn("worker.abandoned_run_ended", {{"job", run->job().held.id}});
    return false;
  }
  run->at = job_run::phase::over;
  ++runs_over_;
  running_.store(running_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  end_as_decided(run, std::move(said));
  wake_claims();
  report();
  return true;
}

void worker_loop::part_with(const run_ptr& run) {
  run->close();
  run->at = job_run::phase::abandoned;
  running_.store(running_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  ++abandoned_;
  abandoned_seen_.store(abandoned_, std::memory_order_relaxed);
  outcome said = outcome::fail({"abandoned", "the run ignored its stop token", true});
  end_as_decided(run, std::move(said));
}

void worker_loop::abandon(run_ptr run) {
  asio::post(context_, [this, run = std::move(run)] {
    if (run->at != job_run::phase::running) return;
    part_with(run);
    // As many slots may be lost as there are; then the worker runs with fewer.
    const bool replaced = !draining_ && abandoned_ <= settings_.concurrency;
    log::error("worker.run_abandoned", {{"queue", run->job().held.queue},
                                        {"job", run->job().held.id},
                                        {"kind", run->job().kind},
                                        {"stop_grace_ms", settings_.stop_grace_ms},
                                        {"abandoned", abandoned_},
                                        {"slot_replaced", replaced}});
    if (replaced) launch_slot();
    wake_claims();
    report();
  });
}

void worker_loop::done(std::span<const run_ptr> runs, bool acknowledged) {
  watch_.remove(runs);
  bump(acknowledged ? ended_ : leases_lost_, runs.size());
  wake_claims();
  report();
}

void worker_loop::pause(bool paused) {
  asio::post(context_, [this, paused] {
    if (paused_ == paused) return;
    paused_ = paused;
    if (paused) {
      hand_back_ready();
      world_.queue.end_waits(settings_.name);
    } else {
      wake_claims();
    }
  });
}

void worker_loop::hand_back_ready() {
  for (run_ptr& run : ready_) end(std::move(run), outcome::release());
  ready_.clear();
}

void worker_loop::drain() {
  asio::post(context_, [this] {
    draining_ = true;
    hand_back_ready();
    for (auto& timer : naps_) timer->cancel();
    for (auto& timer : rooms_) timer->cancel();
    parked_.cancel();
    limiter_timer_.cancel();
    report();
  });
}

void worker_loop::hand_back() {
  asio::post(context_, [this] {
    for (const run_ptr& run : slots_) {
      if (run && run->at == job_run::phase::running) part_with(run);
    }
    report();
  });
}

void worker_loop::give_up() {
  asio::post(context_, [this] { finish_.give_up(); });
}

void worker_loop::report() {
  if (!draining_) return;
  {
    const std::lock_guard lock(drained_mutex_);
    seen_ = {running_.load(std::memory_order_relaxed), ready_.size() + finish_.pending(), claims_,
             live_ + finish_.under_way(), true};
  }
  drained_.notify_all();
}

bool worker_loop::wait_drained(std::int64_t ms,
                               const std::function<bool(const snapshot&)>& reached) {
  std::unique_lock lock(drained_mutex_);
  return drained_.wait_for(lock, milliseconds(ms),
                           [&] { return seen_.draining && reached(seen_); });
}

worker_stats worker_loop::stats() const {
  return {running_.load(std::memory_order_relaxed), abandoned_seen_.load(std::memory_order_relaxed),
          started_.load(std::memory_order_relaxed), ended_.load(std::memory_order_relaxed),
          leases_lost_.load(std::memory_order_relaxed)};
}

}  // namespace son1k::queue
