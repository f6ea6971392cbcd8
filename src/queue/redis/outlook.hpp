// How many jobs an add would find before its own, known for a moment without asking Redis: what it
// said last, and what this process has added since. Whatever else this process does makes it
// forget; what other processes do shows when the moment is over. Thread-safe.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace son1k::queue::redis {

class outlook {
 public:
  // Of jobs without a priority.
  std::optional<std::int64_t> position(const std::string& queue) const {
    std::lock_guard lock(mutex_);
    const auto at = seen_.find(queue);
    if (at == seen_.end() || clock::now() - at->second.asked.at > moment) return std::nullopt;
    return at->second.position + count(queue) - at->second.asked.added;
  }

  struct question {
    std::chrono::steady_clock::time_point at;
    std::int64_t added = 0;
    std::uint64_t changes = 0;
  };
  question ask(const std::string& queue) const {
    std::lock_guard lock(mutex_);
    return {clock::now(), count(queue), changes_};
  }
  void told(const std::string& queue, question asked, std::int64_t position) {
    std::lock_guard lock(mutex_);
    if (asked.changes == changes_) seen_[queue] = {position, asked};
  }

  void added(const std::string& queue) {
    std::lock_guard lock(mutex_);
    ++added_[queue];
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
  std::int64_t count(const std::string& queue) const {
    const auto at = added_.find(queue);
    return at == added_.end() ? 0 : at->second;
  }

  mutable std::mutex mutex_;
  std::map<std::string, answer> seen_;
  std::map<std::string, std::int64_t> added_;
  std::uint64_t changes_ = 0;
};

}  // namespace son1k::queue::redis
