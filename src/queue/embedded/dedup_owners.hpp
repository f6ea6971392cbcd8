// Who holds which deduplication id. Pure structure; guarded by the lock of the embedded core.
#pragma once
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "queue/embedded/job_entry.hpp"

namespace son1k::queue::embedded {

using dedup_key = std::pair<std::uint16_t, std::string>;  // room, deduplication id

struct dedup_owner {
  std::int64_t seq = 0;
  std::string id;          // of the job
  std::int64_t until = 0;  // steady ms; 0: as long as the job has not ended
};

class dedup_owners {
 public:
  // Whoever was the last to take it, also if its time is over; null: nobody.
  const dedup_owner* last(const dedup_key& key) const {
    const auto found = owners_.find(key);
    return found == owners_.end() ? nullptr : &found->second;
  }
  const dedup_owner* holder(const dedup_key& key, std::int64_t steady) const {
    const auto* owner = last(key);
    return owner != nullptr && (owner->until == 0 || owner->until > steady) ? owner : nullptr;
  }
  const dedup_key* key_of(std::int64_t seq) const {
    const auto found = keys_.find(seq);
    return found == keys_.end() ? nullptr : &found->second;
  }

  void take(const dedup_key& key, dedup_owner owner) {
    drop(key);
    keys_[owner.seq] = key;
    if (owner.until > 0) ends_.emplace(owner.until, owner.seq);
    owners_[key] = std::move(owner);
  }
  void extend(const dedup_key& key, std::int64_t seq, std::int64_t until) {
    const auto found = owners_.find(key);
    if (found == owners_.end() || found->second.seq != seq || found->second.until == 0) return;
    ends_.erase({found->second.until, seq});
    found->second.until = until;
    ends_.emplace(until, seq);
  }
  void release(std::int64_t seq) {
    if (const auto* key = key_of(seq)) drop(dedup_key(*key));
  }
  // At most `most` owners whose time is over, by their jobs.
  std::vector<std::int64_t> over(std::int64_t steady, std::size_t most) const {
    std::vector<std::int64_t> out;
    for (auto at = ends_.begin(); at != ends_.end() && at->first <= steady && out.size() < most;
         ++at)
      out.push_back(at->second);
    return out;
  }

 private:
  void drop(const dedup_key& key) {
    const auto found = owners_.find(key);
    if (found == owners_.end()) return;
    ends_.erase({found->second.until, found->second.seq});
    keys_.erase(found->second.seq);
    owners_.erase(found);
  }

  std::map<dedup_key, dedup_owner> owners_;
  std::unordered_map<std::int64_t, dedup_key> keys_;
  std::set<std::pair<std::int64_t, std::int64_t>> ends_;  // until, seq
};

}  // namespace son1k::queue::embedded
