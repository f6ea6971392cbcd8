#include "queue/worker_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "base/log.hpp"
#include "base/spawn.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t claim_wait_ms = 5'000;
constexpr std::int64_t claim_retry_ms_first = 50;
constexpr std::int64_t claim_retry_ms_max = 2'000;
constexpr std::int64_t room_poll_ms = 1'000;
constexpr std::int64_t tend_every_ms = 250;
// Ends that wait for the disk; beyond it no job is claimed.
constexpr std::size_t pending_max = 16'384;
constexpr std::size_t error_bytes_max = 4'096;

std::int64_t steady_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

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
      finish_(world.queue, context.get_executor(),
              [this](std::span<const run_ptr> runs, bool ok) { done(runs, ok); }),
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

std::size_t worker_loop::claim_ahead() {
  if (settings_.claim_ahead_ms <= 0) return 0;
  const std::int64_t now = steady_us();
  const std::int64_t elapsed_us = now - paced_at_us_;
  // A shorter look would take a few long runs that end together for a fast pace.
  if (elapsed_us >= settings_.claim_ahead_ms * 1'000) {
    const double pace =
        static_cast<double>(runs_over_ - paced_runs_) * 1'000.0 / static_cast<double>(elapsed_us);
    pace_per_ms_ = (pace_per_ms_ + pace) / 2;
    paced_at_us_ = now;
    paced_runs_ = runs_over_;
  }
  const double ahead = pace_per_ms_ * static_cast<double>(settings_.claim_ahead_ms);
  // Fewer than one run a slot: runs outlast the window, and a job claimed ahead would sit there
  // with a start on record while nothing runs it.
  if (ahead < static_cast<double>(settings_.concurrency)) return 0;
  return std::min(static_cast<std::size_t>(ahead), settings_.claim_ahead_max);
}

std::size_t worker_loop::wanted() {
  if (finish_.pending() >= pending_max) return 0;
  const std::size_t ahead = claim_ahead();
  const std::size_t target = settings_.concurrency + ahead;
  const std::size_t held = running_.load(std::memory_order_relaxed) + ready_.size() + reserved_;
  if (held >= target) return 0;
  std::size_t room = target - held;
  // A claim costs the same for one job as for a thousand: at a fast pace they are taken in bulk.
  if (ahead > settings_.concurrency && room < target / 4) return 0;
  if (limiter_) {
    const std::size_t allowed = limiter_->available(clock_.steady_ms());
    const std::size_t spoken_for = ready_.size() + reserved_;
    room = std::min(room, allowed > spoken_for ? allowed - spoken_for : 0);
  }
  return room;
}

std::int64_t worker_loop::room_wait_ms() const {
  if (!limiter_) return room_poll_ms;
  const std::int64_t now = clock_.steady_ms();
  // The limiter may have let go since it was asked.
  if (limiter_->available(now) > ready_.size() + reserved_) return 1;
  const std::int64_t wait = limiter_->wait_ms(now);
  return wait > 0 ? std::min(wait, room_poll_ms) : room_poll_ms;
}

asio::awaitable<void> worker_loop::claim_loop(std::size_t queue_index) {
  const bool alone = settings_.queues.size() == 1;
  asio::steady_timer& room = *rooms_[queue_index];
  std::int64_t retry_ms = claim_retry_ms_first;
  bool look_first = !alone;  // with several queues, a waiting claim must not hold all free slots
  while (!draining_) {
    const std::size_t want = wanted();
    if (want == 0) {
      ++waiting_claims_;
      co_await nap(room, room_wait_ms());
      --waiting_claims_;
      continue;
    }
    claim_request request;
    request.queue = settings_.queues[queue_index];
    request.worker = settings_.name;
    request.max = alone || look_first ? want : 1;
    request.lease_ms = settings_.lease_ms;
    request.wait_ms = look_first ? 0 : claim_wait_ms;
    const std::size_t reserved = look_first ? want : 0;
    reserved_ += reserved;
    auto got = co_await world_.queue.claim(std::move(request));
    reserved_ -= reserved;
    if (!got) {
      if (draining_) break;
      log::warn("worker.claim_failed", {{"queue", settings_.queues[queue_index]},
                                        {"code", name_of(got.error().code)},
                                        {"error", got.error().what()},
                                        {"again_in_ms", retry_ms}});
      co_await nap(room, retry_ms);
      retry_ms = std::min(retry_ms * 2, claim_retry_ms_max);
      continue;
    }
    retry_ms = claim_retry_ms_first;
    if (!alone) look_first = !look_first || !got->empty();
    if (!got->empty()) accept(queue_index, std::move(*got));
  }
}

void worker_loop::accept(std::size_t queue_index, std::vector<claimed_job> jobs) {
  const std::int64_t now = steady_us() / 1'000;
  std::vector<run_ptr> runs;
  runs.reserve(jobs.size());
  for (claimed_job& job : jobs) {
    const auto found = kind_by_name_.find(job.kind);
    job_kind* kind = found == kind_by_name_.end() ? nullptr : found->second;
    runs.push_back(std::make_shared<job_run>(world_, std::move(job), kind));
    runs.back()->queue_index = queue_index;
    runs.back()->claimed_at_ms = now;
  }
  watch_.add(runs);
  for (run_ptr& run : runs) {
    if (draining_) {
      end(std::move(run), outcome::release());
    } else if (run->job().verdict) {
      job_error verdict = *run->job().verdict;
      verdict.retryable = false;
      const bool cancelled = verdict.code == "cancelled";
      end(std::move(run), cancelled ? outcome::cancel() : outcome::fail(std::move(verdict)));
    } else if (run->kind() == nullptr) {
      log::warn("worker.unknown_kind", {{"kind", run->job().kind}, {"job", run->job().held.id}});
      job_error why{"unknown_kind",
                    fmt::format("no worker here knows the kind \"{}\"", run->job().kind), false};
      end(std::move(run), outcome::fail(std::move(why)));
    } else {
      ready_.push_back(std::move(run));
    }
  }
  wake_slot();
}

void worker_loop::wake_claims() {
  if (waiting_claims_ == 0) return;
  // Under a limiter a claim that waits must learn when the next start is allowed.
  if (!draining_ && !limiter_ && wanted() == 0) return;
  for (auto& room : rooms_) room->cancel();
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

asio::awaitable<void> worker_loop::recover_loop(std::size_t queue_index) {
  naps_.push_back(std::make_unique<asio::steady_timer>(context_));
  asio::steady_timer& timer = *naps_.back();
  while (!draining_) {
    std::string queue = settings_.queues[queue_index];
    auto recovered = co_await world_.queue.recover_stalled(std::move(queue));
    if (!recovered) {
      log::warn("worker.recover_failed",
                {{"queue", settings_.queues[queue_index]}, {"error", recovered.error().what()}});
    } else if (*recovered > 0) {
      log::warn("worker.recovered",
                {{"queue", settings_.queues[queue_index]}, {"jobs", *recovered}});
    }
    if (!draining_) co_await nap(timer, settings_.recover_every_ms);
  }
}

asio::awaitable<void> worker_loop::tend_loop() {
  naps_.push_back(std::make_unique<asio::steady_timer>(context_));
  asio::steady_timer& timer = *naps_.back();
  const std::int64_t kept_ms = std::max(tend_every_ms, settings_.claim_ahead_ms * 10);
  while (!draining_) {
    co_await nap(timer, tend_every_ms);
    // Jobs claimed ahead whose slots are taken by long ones: another worker may have room.
    const std::int64_t edge = steady_us() / 1'000 - kept_ms;
    while (!ready_.empty() && ready_.front()->claimed_at_ms < edge) {
      run_ptr run = std::move(ready_.front());
      ready_.pop_front();
      end(std::move(run), outcome::release());
    }
  }
}

void worker_loop::drain() {
  asio::post(context_, [this] {
    draining_ = true;
    for (run_ptr& run : ready_) end(std::move(run), outcome::release());
    ready_.clear();
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
