#include "queue/worker_watch.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace son1k::queue {
namespace {

using steady = std::chrono::steady_clock;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady::now().time_since_epoch())
      .count();
}

}  // namespace

worker_watch::worker_watch(queue_port& queue, watch_settings settings,
                           std::function<void(run_ptr)> overdue, std::function<void()> beat)
    : queue_(queue),
      settings_(std::move(settings)),
      overdue_(std::move(overdue)),
      beat_(std::move(beat)),
      runs_(settings_.queues.size()) {}

worker_watch::~worker_watch() {
  stop();
}

void worker_watch::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
}

void worker_watch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void worker_watch::add(std::span<const run_ptr> runs) {
  const std::lock_guard lock(mutex_);
  for (const run_ptr& run : runs) {
    std::vector<run_ptr>& group = runs_[run->queue_index];
    run->watched.index = group.size();
    group.push_back(run);
  }
}

void worker_watch::remove(std::span<const run_ptr> runs) {
  const std::lock_guard lock(mutex_);
  for (const run_ptr& run : runs) {
    std::vector<run_ptr>& group = runs_[run->queue_index];
    const std::size_t index = run->watched.index;
    if (index >= group.size() || group[index] != run) continue;
    group[index] = std::move(group.back());
    group[index]->watched.index = index;
    group.pop_back();
  }
}

void worker_watch::limit(const run_ptr& run, std::int64_t limit_ms) {
  const std::int64_t deadline = now_ms() + limit_ms;
  bool sooner = false;
  {
    const std::lock_guard lock(mutex_);
    run->watched.deadline_ms = deadline;
    sooner = next_limit_ms_ == 0 || deadline < next_limit_ms_;
    if (sooner) next_limit_ms_ = deadline;
  }
  if (sooner) wake_.notify_all();
}

void worker_watch::stop_all(stop_reason why) {
  std::vector<run_ptr> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& group : runs_) all.insert(all.end(), group.begin(), group.end());
  }
  for (const run_ptr& run : all) run->ask_stop(why);
}

void worker_watch::loop() {
  name_thread("worker-watch");
  const std::int64_t renew_every = std::max<std::int64_t>(1, settings_.lease_ms / 3);
  std::int64_t renew_at = now_ms() + renew_every;
  std::int64_t cancels_at = now_ms() + settings_.cancel_poll_ms;
  std::int64_t beat_at = now_ms();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto due = [&] {
        const std::int64_t soonest = std::min({renew_at, cancels_at, beat_at});
        return next_limit_ms_ == 0 ? soonest : std::min(soonest, next_limit_ms_);
      };
      while (!stopping_) {
        const std::int64_t until = due();
        if (now_ms() >= until) break;
        wake_.wait_until(lock, steady::time_point(std::chrono::milliseconds(until)));
      }
      if (stopping_) return;
    }
    const std::int64_t now = now_ms();
    if (now >= renew_at) {
      renew_at = now + renew_every;
      renew();
    }
    if (now >= cancels_at) {
      cancels_at = now + settings_.cancel_poll_ms;
      look_for_cancels();
    }
    if (now >= beat_at) {
      beat_at = now + settings_.beat_every_ms;
      beat_();
    }
    hold_to_limits();
  }
}

std::vector<lease> worker_watch::leases_of(std::size_t queue_index) {
  std::vector<lease> held;
  const std::lock_guard lock(mutex_);
  held.reserve(runs_[queue_index].size());
  for (const run_ptr& run : runs_[queue_index]) held.push_back(run->job().held);
  return held;
}

void worker_watch::ask_stop(std::size_t queue_index, const std::vector<std::string>& ids,
                            stop_reason why) {
  if (ids.empty()) return;
  const std::unordered_set<std::string_view> wanted(ids.begin(), ids.end());
  std::vector<run_ptr> found;
  {
    const std::lock_guard lock(mutex_);
    std::unordered_map<std::string_view, std::int64_t> newest;
    for (const run_ptr& run : runs_[queue_index]) {
      const lease& held = run->job().held;
      if (wanted.contains(held.id)) newest[held.id] = std::max(newest[held.id], held.fence);
    }
    for (const run_ptr& run : runs_[queue_index]) {
      // Of a run that is over the queue may have forgotten the lease already: it has ended.
      if (run->ending.load(std::memory_order_relaxed)) continue;
      const lease& held = run->job().held;
      if (wanted.contains(held.id)) found.push_back(run);
    }
    // The queue names jobs. A worker that has claimed one again after it lost it holds two leases
    // on it, and the one that is lost is the older.
    std::erase_if(found, [&](const run_ptr& run) {
      const lease& held = run->job().held;
      const auto twin = [&](const run_ptr& other) {
        return other != run && other->job().held.id == held.id;
      };
      return why == stop_reason::lease_lost && held.fence == newest[held.id] &&
             std::any_of(runs_[queue_index].begin(), runs_[queue_index].end(), twin);
    });
  }
  if (why == stop_reason::lease_lost && !found.empty()) {
    log::warn("worker.leases_lost",
              {{"queue", settings_.queues[queue_index]}, {"jobs", found.size()}});
  }
  for (const run_ptr& run : found) run->ask_stop(why);
}

void worker_watch::renew() {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const std::vector<lease> held = leases_of(i);
    if (held.empty()) continue;
    const std::vector<std::string> lost = queue_.renew(held, settings_.lease_ms);
    ask_stop(i, lost, stop_reason::lease_lost);
  }
}

void worker_watch::look_for_cancels() {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const std::vector<lease> held = leases_of(i);
    if (held.empty()) continue;
    ask_stop(i, queue_.cancel_requests(held), stop_reason::cancelled);
  }
}

void worker_watch::hold_to_limits() {
  std::vector<run_ptr> expired;
  std::vector<run_ptr> overdue;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = now_ms();
    next_limit_ms_ = 0;
    const auto wake_for = [this](std::int64_t at) {
      if (next_limit_ms_ == 0 || at < next_limit_ms_) next_limit_ms_ = at;
    };
    for (const auto& group : runs_) {
      for (const run_ptr& run : group) {
        job_run::watch_entry& entry = run->watched;
        if (run->ending.load(std::memory_order_relaxed)) continue;
        const bool asked = run->why_stopped() != stop_reason::none;
        if (!asked && entry.deadline_ms != 0) {
          if (now >= entry.deadline_ms) expired.push_back(run);
          if (now < entry.deadline_ms) wake_for(entry.deadline_ms);
        }
        if (!asked || entry.told_overdue) continue;
        if (entry.overdue_at_ms == 0) entry.overdue_at_ms = now + settings_.stop_grace_ms;
        if (now < entry.overdue_at_ms) {
          wake_for(entry.overdue_at_ms);
        } else {
          entry.told_overdue = true;
          overdue.push_back(run);
        }
      }
    }
  }
  for (const run_ptr& run : expired) run->ask_stop(stop_reason::timed_out);
  for (const run_ptr& run : overdue) overdue_(run);
}

}  // namespace son1k::queue
