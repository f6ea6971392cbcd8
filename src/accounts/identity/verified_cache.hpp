// Identities that were verified a moment ago, by what was shown: the fast path of every request.
// Kept is a keyed hash of the token, not the token. At the bound the one that was not asked for
// longest makes room.
//
// Thread-safe.
#pragma once
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "accounts/identity/identity.hpp"

namespace son1k::accounts {

class verified_cache {
 public:
  explicit verified_cache(std::size_t entries_max) : entries_max_(entries_max) {}

  // Until when an entry holds: by the wall clock (0: as long as it may) and by steady time.
  struct bounds {
    std::int64_t wall_ms = 0;
    std::int64_t steady_ms = 0;
  };
  struct moment {
    std::int64_t wall_ms = 0;
    std::int64_t steady_ms = 0;
  };

  std::optional<identity> find(const std::string& digest, moment now);
  // How often something was forgotten. What is looked up in the database is kept only if that did
  // not change meanwhile: it may be what was just revoked.
  std::uint64_t forgotten() const;
  void keep(std::string digest, identity who, bounds until, std::uint64_t forgotten_before);
  void forget(const revocation& what);
  std::size_t size() const;

 private:
  struct entry {
    std::string digest;
    identity who;
    bounds until;
  };
  using entries = std::list<entry>;
  void drop(entries::iterator at);

  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  entries entries_;  // the last asked for first
  std::unordered_map<std::string, entries::iterator> by_digest_;
  std::unordered_multimap<std::string, entries::iterator> by_user_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace son1k::accounts
