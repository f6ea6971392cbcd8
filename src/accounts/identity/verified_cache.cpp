#include "accounts/identity/verified_cache.hpp"

namespace son1k::accounts {

std::optional<identity> verified_cache::find(const std::string& digest, moment now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return std::nullopt;
  const auto at = found->second;
  const auto& until = at->until;
  if (now.steady_ms >= until.steady_ms || (until.wall_ms != 0 && now.wall_ms >= until.wall_ms)) {
    drop(at);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, at);
  return at->who;
}

std::uint64_t verified_cache::forgotten() const {
  const std::lock_guard lock(mutex_);
  return forgotten_;
}

void verified_cache::keep(std::string digest, identity who, bounds until,
                          std::uint64_t forgotten_before) {
  const std::lock_guard lock(mutex_);
  if (forgotten_ != forgotten_before) return;
  if (const auto found = by_digest_.find(digest); found != by_digest_.end()) drop(found->second);
  if (entries_.size() >= entries_max_) drop(std::prev(entries_.end()));
  entries_.push_front({std::move(digest), std::move(who), until});
  const auto at = entries_.begin();
  by_digest_.emplace(at->digest, at);
  by_user_.emplace(at->who.user, at);
}

void verified_cache::forget(const revocation& what) {
  const std::lock_guard lock(mutex_);
  ++forgotten_;
  auto [at, end] = by_user_.equal_range(what.user);
  while (at != end) {
    const auto one = at->second;
    if (!what.concerns(one->who)) {
      ++at;
      continue;
    }
    by_digest_.erase(one->digest);
    at = by_user_.erase(at);
    entries_.erase(one);
  }
}

std::size_t verified_cache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void verified_cache::drop(entries::iterator at) {
  by_digest_.erase(at->digest);
  auto [same, end] = by_user_.equal_range(at->who.user);
  while (same != end && same->second != at) ++same;
  if (same != end) by_user_.erase(same);
  entries_.erase(at);
}

}  // namespace son1k::accounts
