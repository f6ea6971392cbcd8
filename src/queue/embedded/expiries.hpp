// Which jobs must not start after a certain time. Pure structure; guarded by the lock of the
// embedded core. Times are steady ms.
#pragma once
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>

#include "queue/embedded/job_entry.hpp"

namespace son1k::queue::embedded {

class expiries {
 public:
  void watch(entry_index i, std::int64_t due) {
    watched_[i] = {due, due};
    order_.emplace(due, i);
  }
  // One that was taken is told again at `look_at`; it stays due since it was.
  void tell_again(entry_index i, std::int64_t look_at) {
    watched_[i].look_at = look_at;
    order_.emplace(look_at, i);
  }
  void forget(entry_index i) {
    const auto found = watched_.find(i);
    if (found == watched_.end()) return;
    order_.erase({found->second.look_at, i});
    watched_.erase(found);
  }
  std::int64_t next() const {
    return order_.empty() ? std::numeric_limits<std::int64_t>::max() : order_.begin()->first;
  }
  // One whose time has come, told once; is_over() goes on to say so until it is forgotten.
  std::optional<entry_index> take(std::int64_t steady) {
    if (next() > steady) return std::nullopt;
    const auto i = order_.begin()->second;
    order_.erase(order_.begin());
    return i;
  }
  bool is_over(entry_index i, std::int64_t steady) const {
    const auto found = watched_.find(i);
    return found != watched_.end() && found->second.due <= steady;
  }

 private:
  std::set<std::pair<std::int64_t, entry_index>> order_;
  struct times {
    std::int64_t due = 0, look_at = 0;
  };
  std::unordered_map<entry_index, times> watched_;
};

}  // namespace son1k::queue::embedded
