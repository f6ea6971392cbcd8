// Which other nodes live, by what was last heard of them, for each namespace apart. Thread-safe.
#pragma once
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace son1k::realtime {

class live_nodes {
 public:
  static constexpr std::size_t nodes_max = 10'000;

  live_nodes(const clock_port& clock, std::int64_t silence_ms_max)
      : clock_(clock), silence_ms_max_(silence_ms_max) {}

  void heard(const std::string& space, const std::string& node) {
    const std::lock_guard lock(mutex_);
    if (seen_.size() < nodes_max || seen_.contains({space, node}))
      seen_[{space, node}] = clock_.steady_ms();
  }
  void gone(const std::string& space, const std::string& node) {
    const std::lock_guard lock(mutex_);
    seen_.erase({space, node});
  }
  // Those that have been silent for too long; they are forgotten.
  std::vector<std::pair<std::string, std::string>> take_silent() {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, std::string>> out;
    const auto now = clock_.steady_ms();
    std::erase_if(seen_, [&](const auto& row) {
      if (now - row.second <= silence_ms_max_) return false;
      out.push_back(row.first);
      return true;
    });
    return out;
  }
  std::set<std::string> names(const std::string& space) const {
    const std::lock_guard lock(mutex_);
    std::set<std::string> out;
    for (const auto& [place, ms] : seen_)
      if (place.first == space) out.insert(place.second);
    return out;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    std::set<std::string> out;
    for (const auto& [place, ms] : seen_) out.insert(place.second);
    return out.size();
  }

 private:
  const clock_port& clock_;
  const std::int64_t silence_ms_max_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::int64_t> seen_;
};

}  // namespace son1k::realtime
