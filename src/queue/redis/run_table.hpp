// The runs that this process has begun and not ended: what their ends need to know without asking
// Redis again. Thread-safe.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "queue/policy.hpp"
#include "queue/redis/job_fields.hpp"

namespace son1k::queue::redis {

struct run {
  stored_job job;  // as it was claimed; view.starts is the fence
  progress_value progress;
  bool cancelled = false;  // this process has asked for it
  // When it was claimed it had no group, parent, verdict, deduplication, earlier failure or stall,
  // and it was added by this program.
  bool ordinary = false;
};

class run_table {
 public:
  void put(run r) {
    std::lock_guard lock(mutex_);
    auto key = std::pair(r.job.view.queue, r.job.view.id);
    if (alone(r)) ++alone_;
    auto [at, fresh] = runs_.try_emplace(std::move(key), std::move(r));
    if (!fresh) {
      if (alone(at->second)) --alone_;
      at->second = std::move(r);
    }
  }
  std::optional<run> find(const lease& held) const {
    std::lock_guard lock(mutex_);
    const auto at = runs_.find({held.queue, held.id});
    if (at == runs_.end() || at->second.job.view.starts != held.fence) return std::nullopt;
    return at->second;
  }
  // The highest so far, and this one's message; nothing if the run has lost its job.
  std::optional<progress_value> raise(const lease& held, progress_value value) {
    std::lock_guard lock(mutex_);
    const auto at = runs_.find({held.queue, held.id});
    if (at == runs_.end() || at->second.job.view.starts != held.fence) return std::nullopt;
    value.percent = std::max(value.percent, at->second.progress.percent);
    at->second.progress = value;
    return value;
  }
  void cancel(const std::string& queue, const std::string& id) {
    std::lock_guard lock(mutex_);
    const auto at = runs_.find({queue, id});
    if (at != runs_.end()) at->second.cancelled = true;
  }
  void erase(const std::string& queue, const std::string& id, std::int64_t fence) {
    std::lock_guard lock(mutex_);
    const auto at = runs_.find({queue, id});
    if (at == runs_.end() || at->second.job.view.starts > fence) return;
    if (alone(at->second)) --alone_;
    runs_.erase(at);
  }
  void erase_queue(const std::string& queue) {
    std::lock_guard lock(mutex_);
    std::erase_if(runs_, [&](const auto& r) {
      if (r.first.first != queue) return false;
      if (alone(r.second)) --alone_;
      return true;
    });
  }
  // Jobs with a verdict do not count: they do not run.
  bool idle() const {
    std::lock_guard lock(mutex_);
    for (const auto& [key, r] : runs_)
      if (!r.job.verdict) return false;
    return true;
  }
  bool suspect_runs() const {
    std::lock_guard lock(mutex_);
    return alone_ > 0;
  }

 private:
  static bool alone(const run& r) { return !r.job.verdict && is_suspect(r.job.view.stalls); }

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, run> runs_;
  int alone_ = 0;
};

}  // namespace son1k::queue::redis
