// How many jobs an add would find before its own, known for a moment without asking Redis: what it
// said last, and what this process has added since. Whatever else this process does makes it
// forget; what other processes do shows when the moment is over. Thread-safe.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace son1k::queue::redis {

class outlook {
 public:
  // Those above it are not kept: there are millions.
  static constexpr std::int64_t priority_max = 64;
  // What stands for the jobs of a priority below; the queue's name for those without one.
  static std::string lane(const std::string& queue, std::int64_t priority) {
    return priority == 0 ? queue : queue + '\n' + std::to_string(priority);
  }

  std::optional<std::int64_t> position(const std::string& lane) const {
    std::lock_guard lock(mutex_);
    const auto at = seen_.find(lane);
    if (at == seen_.end() || clock::now() - at->second.asked.at > moment) return std::nullopt;
    return at->second.position + count(lane) - at->second.asked.added;
  }

  // What is known, however old; -1: nothing.
  std::int64_t last(const std::string& lane) const {
    std::lock_guard lock(mutex_);
    const auto at = seen_.find(lane);
    if (at == seen_.end()) return -1;
    return at->second.position + count(lane) - at->second.asked.added;
  }

  // Whether the newest question is without an answer, so that nobody should wait for another.
  bool silent() const { return silent_; }
  void set_silent(bool silent) { silent_ = silent; }

  struct question {
    std::chrono::steady_clock::time_point at;
    std::int64_t added = 0;
    std::uint64_t changes = 0;
  };
  question ask(const std::string& lane) const {
    std::lock_guard lock(mutex_);
    return {clock::now(), count(lane), changes_};
  }
  void told(const std::string& lane, question asked, std::int64_t position) {
    std::lock_guard lock(mutex_);
    if (asked.changes == changes_) seen_[lane] = {position, asked};
  }

  void added(const std::string& lane, std::int64_t jobs = 1) {
    std::lock_guard lock(mutex_);
    added_[lane] += jobs;
  }
  void forget() {
    std::lock_guard lock(mutex_);
    ++changes_;
    seen_.clear();
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds moment{20};
  struct answer {
    std::int64_t position = 0;
    question asked;
  };
  std::int64_t count(const std::string& lane) const {
    const auto at = added_.find(lane);
    return at == added_.end() ? 0 : at->second;
  }

  mutable std::mutex mutex_;
  std::map<std::string, answer> seen_;
  std::map<std::string, std::int64_t> added_;
  std::uint64_t changes_ = 0;
  std::atomic<bool> silent_ = false;
};

}  // namespace son1k::queue::redis
